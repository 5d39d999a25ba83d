"""Pictures of pages, compared in the browser with those in the repository."""

import base64
import struct
import zlib
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

# What is another at each visit. What a story has of one millisecond comes in any order.
VARIES = (
    "[data-seconds], [data-varies], .trace, .error-id code, iframe, "
    "div.card .chart-plot, .waterfall svg, h3 + .timeline"
)
_MASK = "#808080"
# All happened five minutes ago, took 5 ms, and has the same ID: words that leave columns as wide.
_STILL = """() => {
  document.activeElement.blur();
  for (const time of document.querySelectorAll("time"))
    if (time.dateTime < "2030") time.textContent = "5 min ago";
  for (const day of document.querySelectorAll(".chart-label")) day.textContent = "1 Dec";
  const words = [
    [/[\\d,.]+ ms\\b/g, "5 ms"],
    [/\\b0:0\\d\\b/g, "0:05"],
    [/\\b\\d+ requests? of yours/g, "5 requests of yours"],
    [/\\b127\\.0\\.0\\.1:\\d+/g, "127.0.0.1:8000"],
    [/\\b[\\da-f]{8}(-[\\da-f]{4}){3}-[\\da-f]{12}\\b/g, "01234567-89ab-4def-8123-456789abcdef"],
    [/\\bCA[\\da-f]{32}\\b/g, "CA" + "0123456789abcdef".repeat(2)],
  ];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode())
    for (const [found, still] of words)
      texts.currentNode.data = texts.currentNode.data.replace(found, still);
}"""

# Two PNGs as data addresses -> the share of pixels that differ, and a picture of where.
_COMPARE = """async ([before, after]) => {
  const [old, now] = await Promise.all([before, after].map(async address =>
    createImageBitmap(await (await fetch(address)).blob())));
  const [width, height] = [Math.max(old.width, now.width), Math.max(old.height, now.height)];
  const pixels = bitmap => {
    const context = new OffscreenCanvas(width, height).getContext("2d");
    context.drawImage(bitmap, 0, 0);
    return context.getImageData(0, 0, width, height);
  };
  const [one, two] = [pixels(old), pixels(now)];
  let count = 0;
  for (let at = 0; at < one.data.length; at += 4) {
    const aways = [0, 1, 2].map(part => Math.abs(one.data[at + part] - two.data[at + part]));
    const away = Math.max(...aways);
    if (away <= 32 && one.data[at + 3] === two.data[at + 3]) { two.data[at + 3] = 40; continue; }
    count += 1;
    two.data.set([255, 0, 0, 255], at);
  }
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  canvas.getContext("2d").putImageData(two, 0, 0);
  return [count / (width * height), canvas.toDataURL().split(",")[1]];
}"""
# A picture as a data address -> [width, height, a palette of at most 256 colours, each pixel's
# place in it]. The commonest colours, no two of them alike; any other is shown as the nearest.
_REDUCE = """async address => {
  const bitmap = await createImageBitmap(await (await fetch(address)).blob());
  const {width, height} = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
  const counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  const palette = [], places = new Map();
  for (const [colour] of [...counts].sort((one, two) => two[1] - one[1])) {
    const parts = [0, 8, 16].map(shift => colour >>> shift & 255);
    let [place, least] = [0, Infinity];
    palette.forEach((other, at) => {
      const away = Math.max(...parts.map((part, which) => Math.abs(part - other[which])));
      if (away < least) [place, least] = [at, away];
    });
    if (least > 6 && palette.length < 256) place = palette.push(parts) - 1;
    places.set(colour, place);
  }
  const reader = new FileReader();
  reader.readAsDataURL(new Blob([Uint8Array.from(pixels, pixel => places.get(pixel))]));
  await new Promise(done => { reader.onload = done; });
  return [width, height, palette.flat(), reader.result.split(",")[1]];
}"""
# Fonts are the system's own: another one gives other pictures.
_FONT = """() => {
  const context = document.createElement("canvas").getContext("2d");
  context.font = "100px system-ui";
  const sans = context.measureText("Hamburgefonstiv 0123").width;
  context.font = "100px monospace";
  return [sans, context.measureText("Hamburgefonstiv 0123").width].map(Math.round).join(" ");
}"""


@dataclass(frozen=True)
class Difference:
    share: float
    picture: bytes


def take(page: Page, *, whole: bool) -> bytes:
    page.evaluate(_STILL)
    return page.screenshot(
        full_page=whole,
        animations="disabled",
        mask=[page.locator(VARIES)],
        mask_color=_MASK,
    )


def compare(page: Page, before: bytes, after: bytes) -> Difference:
    """Args: page: a blank one, which may do the work."""
    share, picture = page.evaluate(_COMPARE, [_address(before), _address(after)])
    return Difference(share, base64.b64decode(picture))


def pack(page: Page, picture: bytes) -> bytes:
    """The same with at most 256 colours: a PNG of a fraction of the size.

    Args: page: a blank one, which may do the work.
    """
    width, height, palette, encoded = page.evaluate(_REDUCE, _address(picture))
    pixels = base64.b64decode(encoded)
    # Each row begins with how it is filtered: not at all.
    rows = b"".join(b"\0" + pixels[at : at + width] for at in range(0, len(pixels), width))
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"PLTE", bytes(palette)), (b"IDAT", zlib.compress(rows, 9))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(map(_chunk, [*chunks, (b"IEND", b"")]))


def _chunk(named: tuple[bytes, bytes]) -> bytes:
    name, data = named
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def font(page: Page) -> Any:
    return page.evaluate(_FONT)


def _address(picture: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(picture).decode()}"
