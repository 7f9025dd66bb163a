"""A small valid configs/ folder, written anew for every test, so that a test can spoil exactly one thing."""

from __future__ import annotations

from pathlib import Path

import pytest

from mv.config import Config, load_config
from mv.errors import ConfigMistake

MODELS = """\
engines:
  writer:
    label: Writer
    vendor: gemini
    model: some-model
    makes: scenes
    takes_temperature: true
    price:
      input: 1.25
      output: 10
      date: 2026-10-07
      source: a page
  painter:
    label: Painter
    vendor: replicate
    model: owner/name
    makes: images
    aspect_ratios: ["1:1", "16:9"]
    parameters:
      guidance: 3.5
    price:
      picture: 0.003
      date: 2026-10-07
      source: a page
  offline-scenes:
    label: Offline
    vendor: offline
    model: offline-scenes
    makes: scenes
"""
LIMITS = """\
allowances:
  - kind: scenes
    limit: 20
    period: day
  - kind: spend
    limit: 12.3456
    period: month
concurrency:
  total: 8
  per_member: 2
  per_vendor:
    gemini: 4
  waiting_per_member: 50
pictures:
  max_bytes: 30000000
  max_pixels: 40000000
  hosts:
    - replicate.delivery
    - .replicate.delivery
notify_after_seconds: 60
progress_every_seconds: 2
"""
SCENE_PARAMS = """\
engines: [writer]
defaults:
  count: 8
  traits: tall
  video_type: narrative
  style: plain
  camera: still
temperature: 1.0
max_output_tokens: 4096
timeout_seconds: 60
shortest_scene_seconds: 2
longest_scene_seconds: 8
suggestions:
  video_type: [narrative]
  style: [plain]
  camera: [still]
vocabulary:
  locations: [a, b, c, d]
  times_of_day: [dawn, night]
  lighting: [a, b, c]
  moods: [a, b, c]
  movements: [a, b, c, d]
  angles: [a, b, c]
  transitions: [a, b, c]
  actions: [a, b, c, d]
  avoid: [text]
  palettes:
    - ["#102030", "#aabbcc"]
"""
SCENE_PROMPTS = """\
look: |
  Plain.
system: |
  You write scenes.
  {{ look }}
user: |
  Write {{ count }} scenes.
  [{{ fence }}]
  {{ idea }}
  {{ character }}
more: |
  Write {{ missing }} more.
  {% for title in have %}
  - {{ title }}
  {% endfor %}
revise: |
  {{ current }}
  {{ instructions }}
revise_scene: |
  {{ before }} {{ scene }} {{ after }}
  {{ number }}: {{ instructions }}
"""
IMAGE_PARAMS = """\
engines: [painter]
defaults:
  aspect_ratio: "16:9"
  images: 2
preview:
  format: webp
  quality: 80
  effort: 2
  longest_edge: 1024
parameters:
  steps: 20
  nested:
    a: 1
    b: 2
timeout_seconds: 300
"""
IMAGE_PROMPTS = """\
picture: |
  A sheet of {{ description }}
vary: |
  Another of {{ description }}
  {{ instructions }}
"""

FILES = {
    "models.yaml": MODELS,
    "limits.yaml": LIMITS,
    "default/scene_params.yaml": SCENE_PARAMS,
    "default/scene_prompts.yaml": SCENE_PROMPTS,
    "default/image_params.yaml": IMAGE_PARAMS,
    "default/image_prompts.yaml": IMAGE_PROMPTS,
}


def write(folder: Path, **changed: str | bytes | None) -> Path:
    """The folder with files replaced, added, or (None) left out; names as `default/scene_params.yaml`."""
    for name, content in {**FILES, **changed}.items():
        if content is None:
            continue
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def load(folder: Path, **changed: str | bytes | None) -> Config:
    return load_config(write(folder, **changed))


def refuse(folder: Path, **changed: str | bytes | None) -> ConfigMistake:
    write(folder, **changed)
    with pytest.raises(ConfigMistake) as caught:
        load_config(folder)
    return caught.value


def line_of(text: str, part: str) -> int:
    """The line, from 1, on which the part first stands."""
    return text[: text.index(part)].count("\n") + 1
