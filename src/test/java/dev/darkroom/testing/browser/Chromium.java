package dev.darkroom.testing.browser;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/**
 * Finds and starts Chromium and its driver: the files of the variables {@code CHROMIUM} and {@code CHROMEDRIVER}, or of Debian. Downloads
 * nothing.
 */
final class Chromium {
    /** Keeps the level, because the log manager holds its loggers weakly. */
    private static final Logger SELENIUM_LOGGER = Logger.getLogger("org.openqa.selenium");

    static {
        SELENIUM_LOGGER.setLevel(Level.SEVERE);
    }

    private Chromium() {}

    /**
     * Starts driver and headless browser. Fails when one is missing.
     *
     * @param directory for the profile and the log of the driver
     */
    static ChromeDriver startDriver(Path directory, int width, int height) {
        LoggingPreferences logging = new LoggingPreferences();
        logging.enable(LogType.BROWSER, Level.ALL);
        logging.enable(LogType.PERFORMANCE, Level.ALL);
        ChromeOptions options = new ChromeOptions();
        options.setBinary(find("CHROMIUM", "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
                .toFile());
        options.setCapability("goog:loggingPrefs", logging);
        options.addArguments(List.of(
                "--headless=new",
                // Tests may run as root, and Chromium has no sandbox for root.
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--disable-gpu",
                "--hide-scrollbars",
                "--lang=en-US",
                "--window-size=" + width + "," + height,
                "--user-data-dir=" + directory.resolve("browser").toAbsolutePath()));
        return new ChromeDriver(
                new ChromeDriverService.Builder()
                        .usingDriverExecutable(
                                find("CHROMEDRIVER", "/usr/bin/chromedriver", "/usr/lib/chromium/chromedriver")
                                        .toFile())
                        .usingAnyFreePort()
                        .withLogFile(directory.resolve("chromedriver.log").toFile())
                        .build(),
                options);
    }

    private static Path find(String variable, String... defaultPaths) {
        String configured = System.getenv(variable);
        return (configured != null ? Stream.of(configured) : Stream.of(defaultPaths))
                .map(Path::of)
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(
                        "needs Chromium and its driver, such as Debian's packages chromium and chromium-driver, or "
                                + variable + "=FILE"));
    }
}
