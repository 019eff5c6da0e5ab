package dev.darkroom.testing.browser;

import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.openqa.selenium.WebElement;

/** Finds elements by their accessible role and name. */
final class ElementRole {
    private static final Map<String, String> SELECTORS = Map.of(
            "button", "button,[role=button],summary",
            "link", "a[href],[role=link]",
            "textbox", "input,textarea",
            "searchbox", "input[type=search],[role=searchbox]",
            "combobox", "select,[role=combobox],input[list]",
            "spinbutton", "input[type=number]",
            "heading", "h1,h2,h3,h4,[role=heading]",
            "dialog", "dialog,[role=dialog]");

    private ElementRole() {}

    /** Returns a CSS selector of the candidates of a role. */
    static String selector(String role) {
        return SELECTORS.get(role);
    }

    /** Returns the elements with a role and a match of the regular expression in their accessible name. */
    static List<WebElement> filter(List<WebElement> candidates, String role, String name) {
        Pattern pattern = Pattern.compile(name);
        return candidates.stream()
                .filter(element -> element.getAriaRole().equals(role))
                .filter(element -> pattern.matcher(element.getAccessibleName()).find())
                .toList();
    }
}
