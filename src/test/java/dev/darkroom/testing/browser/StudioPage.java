package dev.darkroom.testing.browser;

import java.net.URI;
import org.openqa.selenium.Keys;

/** The studio in the current tab of a browser. */
public final class StudioPage {
    /** The live view of the generation that the page created last. */
    public static final String STAGE = "[data-testid=stage]";

    /** The page of a generation. */
    public static final String DETAIL = "[data-testid=generation]";

    /** A generation in the gallery. */
    public static final String TILE = "[data-testid=tile]";

    private final BrowserSession session;
    private final URI service;

    /** @param service scheme, host and port */
    public StudioPage(BrowserSession session, URI service) {
        this.session = session;
        this.service = service;
    }

    /** Opens a page of the studio, such as {@code #/admin}, and waits for its heading. */
    public StudioPage open(String hash) {
        session.open(service.resolve("/" + hash));
        session.find("main h1");
        return this;
    }

    /** Opens the studio. */
    public StudioPage open() {
        return open("#/");
    }

    /** Returns the URL of the page of a generation. */
    public URI detail(String id) {
        return service.resolve("/#/generations/" + id);
    }

    /** Writes a prompt and submits it. */
    public void create(String prompt) {
        session.findByRole("textbox", "^Prompt$").sendKeys(Keys.chord(Keys.CONTROL, "a"), prompt);
        session.click("^Generate");
    }

    /** Waits until the page of a generation, or the live view, shows a status such as {@code COMPLETE}. */
    public void awaitStatus(String place, String status) {
        session.find(place + "[data-status=" + status + "]");
    }

    /** Signs in with an API key. */
    public void signIn(String key) {
        session.find("#api-key").sendKeys(Keys.chord(Keys.CONTROL, "a"), key);
        session.click("^Sign in$");
    }

    /** Returns the number of unread notifications that the bell shows. */
    public int unreadCount() {
        Object text = session.runScript(
                "return document.querySelector('[data-testid=unread-count]')?.textContent.trim() ?? '0'");
        return Integer.parseInt((String) text);
    }

    /** Waits until the bell shows a number of unread notifications. */
    public void awaitUnreadCount(int count) {
        session.awaitValue("unread count", this::unreadCount, shown -> shown == count);
    }

    /** Waits until the page says that the service cannot be reached. */
    public void awaitDisconnected() {
        session.find("[data-testid=connection-banner] .banner");
    }

    /** Waits until the page no longer says that the service cannot be reached. */
    public void awaitConnected() {
        session.await(
                "connected",
                () -> session.all("[data-testid=connection-banner] .banner").isEmpty());
    }

    /** Collects all texts that an element shows from now on, for {@link #observedText}. Texts that change quickly are included. */
    public void observeText(String selector) {
        session.runScript("""
                const [selector] = arguments;
                window.observedTexts = new Set();
                const read = () => document.querySelectorAll(selector).forEach(found => observedTexts.add(found.innerText));
                new MutationObserver(read).observe(document.body, {childList: true, subtree: true, characterData: true});
                read();
                """, selector);
    }

    /** Returns the texts that {@link #observeText} has collected, one after the other. */
    public String observedText() {
        return (String) session.runScript("return [...observedTexts].join('\\n')");
    }
}
