"""Pictures of pages, compared in the browser with those in the repository."""

import base64
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

# What is another at each visit.
VARIES = "time, [data-seconds], [data-varies], .trace, .error-id code"
_MASK = "#808080"

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


def font(page: Page) -> Any:
    return page.evaluate(_FONT)


def _address(picture: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(picture).decode()}"
