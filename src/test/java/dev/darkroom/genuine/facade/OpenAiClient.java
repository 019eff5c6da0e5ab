package dev.darkroom.genuine.facade;

import dev.darkroom.genuine.GenuineTools;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;

/** A client of OpenAI, unmodified. */
enum OpenAiClient {
    NPM {
        @Override
        String[] command() throws Exception {
            GenuineTools.installNode(TOOL);
            return new String[] {"npm", "run", "--silent", "steps"};
        }
    },
    PYPI {
        @Override
        String[] command() throws Exception {
            return new String[] {
                GenuineTools.installPython(TOOL).resolve("python").toString(), "steps.py"
            };
        }
    },
    JAVA {
        @Override
        String[] command() {
            String java =
                    Path.of(System.getProperty("java.home"), "bin", "java").toString();
            return new String[] {java, "-cp", System.getProperty("java.class.path"), "OpenAiJavaSteps.java"};
        }
    };

    private static final String TOOL = "openai";

    abstract String[] command() throws Exception;

    /** Makes the calls one after the other, and returns the printed lines. Blocks. */
    List<String> run(List<ClientStep> steps) throws Exception {
        Map<String, String> environment = Map.of("STEPS", ClientStep.toJson(steps), "IMAGE", imageInBase64());
        return GenuineTools.run(TOOL, environment, command()).lines().toList();
    }

    /** Returns an image for edits. */
    static String imageInBase64() throws Exception {
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        ImageIO.write(new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB), "png", png);
        return Base64.getEncoder().encodeToString(png.toByteArray());
    }
}
