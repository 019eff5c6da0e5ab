package dev.darkroom.testing.browser;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import org.awaitility.Awaitility;
import org.openqa.selenium.By;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.WindowType;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.interactions.Actions;

/**
 * Headless Chromium with a new profile. Finds elements by their accessible role and name. The methods block, wait up to {@link
 * #DEADLINE} for elements, and are not thread-safe.
 */
public final class BrowserSession implements AutoCloseable {
    /** Maximum wait for a condition. Tests do not depend on the speed of the machine. */
    public static final Duration DEADLINE = Duration.ofSeconds(60);

    private static final int WIDTH = 1280;
    private static final int HEIGHT = 900;

    private final ChromeDriver driver;
    private final BrowserLog log;
    private final Map<String, Object> media = new HashMap<>();

    /**
     * Starts driver and browser. Fails when one is missing.
     *
     * @param directory for the profile and the log of the driver
     */
    public BrowserSession(Path directory) {
        driver = Chromium.startDriver(directory, WIDTH, HEIGHT);
        driver.manage().timeouts().scriptTimeout(DEADLINE).pageLoadTimeout(DEADLINE);
        log = new BrowserLog(driver);
        emulateWindow(WIDTH, HEIGHT, 1);
    }

    /** Returns requests and errors of all tabs. */
    public BrowserLog log() {
        return log;
    }

    /** Opens a page in the current tab and waits until it is loaded. */
    public void open(URI page) {
        log.addOwnOrigin(page);
        driver.get(page.toString());
    }

    /** Runs a script in the current tab before the scripts of each page that is opened later. */
    public void runBeforePages(String script) {
        command("Page.addScriptToEvaluateOnNewDocument", Map.of("source", script));
    }

    /** Returns the URL of the current tab. */
    public String url() {
        return driver.getCurrentUrl();
    }

    /** Returns the title of the current tab. */
    public String title() {
        return driver.getTitle();
    }

    /** Loads the page of the current tab again. */
    public void reload() {
        driver.navigate().refresh();
    }

    /** Opens a page in a new tab, which becomes the current one, and returns the tab. */
    public String openTab(URI page) {
        driver.switchTo().newWindow(WindowType.TAB);
        emulateWindow(WIDTH, HEIGHT, 1);
        applyMedia();
        open(page);
        return tab();
    }

    /** Returns the current tab. */
    public String tab() {
        return driver.getWindowHandle();
    }

    /** Makes a tab the current one and brings it to the front. */
    public void switchTo(String tab) {
        driver.switchTo().window(tab);
        command("Page.bringToFront", Map.of());
    }

    /** Closes the current tab and switches to another one. */
    public void closeTab(String next) {
        driver.close();
        switchTo(next);
    }

    /** Sets the viewport of the current tab with 1.5 pixels of the screen per CSS pixel, for pictures. */
    public void setSharpViewport(int width, int height) {
        emulateWindow(width, height, 1.5);
    }

    /** Sets the viewport and the touch screen of a phone in the current tab. */
    public void setPhoneViewport(int width, int height) {
        command(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 2, "mobile", true));
        command("Emulation.setTouchEmulationEnabled", Map.of("enabled", true, "maxTouchPoints", 1));
    }

    /** Sets the preferred font size of the browser, in pixels, for the page in the current tab. The default is 16. */
    public void setPreferredFontSize(int pixels) {
        command("Page.setFontSizes", Map.of("fontSizes", Map.of("standard", pixels, "fixed", pixels)));
    }

    private void emulateWindow(int width, int height, double scale) {
        command(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", scale, "mobile", false));
    }

    /** Sets the media feature {@code prefers-color-scheme}. */
    public void setDarkScheme(boolean dark) {
        media.put("prefers-color-scheme", dark ? "dark" : "light");
        applyMedia();
    }

    /** Sets the media feature {@code prefers-reduced-motion}. */
    public void setReducedMotion(boolean reduced) {
        media.put("prefers-reduced-motion", reduced ? "reduce" : "no-preference");
        applyMedia();
    }

    private void applyMedia() {
        List<Map<String, Object>> features = media.entrySet().stream()
                .map(feature -> Map.of("name", feature.getKey(), "value", feature.getValue()))
                .toList();
        command("Emulation.setEmulatedMedia", Map.of("media", "", "features", features));
        // The page notices the change later, and may fade its colors.
        media.forEach((name, value) -> await(
                name + " is " + value,
                () -> (Boolean) runScript("return matchMedia('(" + name + ": " + value + ")').matches"
                        + " && document.getAnimations().every(animation => !(animation instanceof CSSTransition))")));
    }

    /** Disconnects the current tab from the network, or connects it again. */
    public void setOffline(boolean offline) {
        command("Network.enable", Map.of());
        command(
                "Network.emulateNetworkConditions",
                Map.of("offline", offline, "latency", 0, "downloadThroughput", -1, "uploadThroughput", -1));
    }

    /** Sends a command of the DevTools protocol to the current tab. */
    public Map<String, Object> command(String name, Map<String, Object> parameters) {
        return driver.executeCdpCommand(name, parameters);
    }

    /** Runs a function body in the current tab, with {@code arguments} as its arguments, and returns its result. */
    public Object runScript(String script, Object... arguments) {
        return driver.executeScript(script, arguments);
    }

    /** Runs a function body with a callback as its last argument, and returns the value passed to the callback. */
    public Object runAsyncScript(String script, Object... arguments) {
        return driver.executeAsyncScript(script, arguments);
    }

    /** Waits until a condition holds. Elements may disappear meanwhile. */
    public void await(String description, Callable<Boolean> condition) {
        awaitValue(description, condition, value -> value);
    }

    /** Waits until a value of the page satisfies a condition, and returns the value. */
    public <T> T awaitValue(String description, Callable<T> value, Predicate<T> condition) {
        return Awaitility.await(description)
                .atMost(DEADLINE)
                .pollInterval(Duration.ofMillis(100))
                .ignoreExceptionsMatching(BrowserSession::isOfChangingPage)
                .until(value, condition);
    }

    private static boolean isOfChangingPage(Throwable error) {
        return error instanceof StaleElementReferenceException
                || error instanceof org.openqa.selenium.NoSuchElementException;
    }

    /** Returns the displayed elements that match a CSS selector. */
    public List<WebElement> all(String selector) {
        return driver.findElements(By.cssSelector(selector)).stream()
                .filter(WebElement::isDisplayed)
                .toList();
    }

    /** Waits for the first displayed element that matches a CSS selector. */
    public WebElement find(String selector) {
        return awaitValue(selector, () -> all(selector), found -> !found.isEmpty())
                .get(0);
    }

    /** Returns the displayed elements with a role and a match of the regular expression in their accessible name. */
    public List<WebElement> allByRole(String role, String name) {
        return ElementRole.filter(all(ElementRole.selector(role)), role, name);
    }

    /** Waits for the first displayed element with a role and a match of the regular expression in its accessible name. */
    public WebElement findByRole(String role, String name) {
        return awaitValue(role + " " + name, () -> allByRole(role, name), found -> !found.isEmpty())
                .get(0);
    }

    /** Waits for a button with this name and activates it. */
    public void click(String name) {
        await("click " + name, () -> {
            List<WebElement> found = allByRole("button", name);
            if (found.isEmpty() || !found.get(0).isEnabled()) {
                return false;
            }
            found.get(0).click();
            return true;
        });
    }

    /** Returns the displayed text of the page. */
    public String text() {
        return driver.findElement(By.tagName("body")).getText();
    }

    /** Waits until an image is decoded and displayed, and returns its width in pixels. */
    public long awaitDecodedImage(String selector) {
        return awaitValue(
                "decoded image " + selector,
                () -> (Long) runScript(
                        "const image = document.querySelector(arguments[0]);"
                                + " return image && image.complete && image.checkVisibility() ? image.naturalWidth : 0",
                        selector),
                width -> width > 0);
    }

    /** Waits until the displayed text of the page contains a match of the regular expression. */
    public void awaitText(String expression) {
        var pattern = java.util.regex.Pattern.compile(expression);
        awaitValue(
                "text " + expression, this::text, text -> pattern.matcher(text).find());
    }

    /** Returns the element with the focus. */
    public WebElement focused() {
        return driver.switchTo().activeElement();
    }

    /** Types keys into the element with the focus. */
    public void type(CharSequence... keys) {
        new Actions(driver).sendKeys(keys).perform();
    }

    /** Presses a key while another one is held, such as Shift and Tab. */
    public void typeWith(CharSequence held, CharSequence key) {
        new Actions(driver).keyDown(held).sendKeys(key).keyUp(held).perform();
    }

    /** Moves the pointer to the corner of the viewport, so that nothing is hovered. */
    public void movePointerAway() {
        new Actions(driver).moveToLocation(1, 1).perform();
    }

    /** Writes the current tab as PNG. */
    public void saveScreenshot(Path file) {
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            Files.write(file, Base64.getDecoder().decode((String)
                    command("Page.captureScreenshot", Map.of("format", "png")).get("data")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns all tabs. */
    public List<String> tabs() {
        return List.copyOf(driver.getWindowHandles());
    }

    @Override
    public void close() {
        driver.quit();
    }
}
