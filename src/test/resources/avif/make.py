# Makes the images of this directory. Used: Pillow 13.0.0 from PyPI with libavif 1.4.2, and avifenc 0.11.1 of Debian 12 for rotated, mirrored and grid.
import subprocess

from PIL import Image

gradient = Image.linear_gradient("L").resize((48, 32))
image = Image.merge("RGB", (gradient, gradient.rotate(180), gradient.transpose(Image.FLIP_LEFT_RIGHT)))
image.save("plain.avif", quality=40)
transparent = image.copy()
transparent.putalpha(gradient)
transparent.save("alpha.avif", quality=40)
exif = Image.Exif()
exif[0x010E] = "a secret prompt"
image.save("metadata.avif", quality=40, exif=exif, xmp=b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>a secret prompt</x:xmpmeta>")
image.save("sequence.avif", quality=40, save_all=True, append_images=[image.rotate(180)])


def avifenc(*arguments):
    subprocess.run(["avifenc", "-s", "6", "--min", "40", "--max", "50", *arguments], check=True)


image.save("image.png")
Image.effect_mandelbrot((256, 128), (-2, -1.2, 1, 1.2), 40).convert("RGB").save("large.png")
avifenc("--irot", "1", "image.png", "rotated.avif")
avifenc("--imir", "1", "--irot", "2", "image.png", "mirrored.avif")
avifenc("--grid", "2x1", "-y", "444", "large.png", "grid.avif")
