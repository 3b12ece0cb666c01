"""The published training step, written plainly: what ganeval's trainer is measured against.

Eager PyTorch, float32, NCHW, one call per image and network, optimisers with their defaults, losses
read after every update, as the published script does when it prints them. Architecture, losses,
their order and the image pool follow Zhu et al. 2017 (arXiv:1703.10593) and the published code.
"""

from __future__ import annotations

import random

import torch
from torch import Tensor, nn


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3),
            nn.InstanceNorm2d(width),
            nn.ReLU(inplace=True),
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3),
            nn.InstanceNorm2d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


def generator(blocks: int, width: int = 64) -> nn.Sequential:
    """A ResNet generator of 3 to 3 channels."""
    layers: list[nn.Module] = [nn.ReflectionPad2d(3), *_normed(nn.Conv2d(3, width, 7))]
    for k in (1, 2):
        layers += _normed(nn.Conv2d(width * k, width * k * 2, 3, 2, 1))
    layers += [_Block(width * 4) for _ in range(blocks)]
    for k in (4, 2):
        up = nn.ConvTranspose2d(width * k, width * k // 2, 3, 2, 1, output_padding=1)
        layers += _normed(up)
    return _initialised(
        nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh())
    )


def discriminator(width: int = 64) -> nn.Sequential:
    """The 70 x 70 patch discriminator."""
    layers: list[nn.Module] = [nn.Conv2d(3, width, 4, 2, 1), nn.LeakyReLU(0.2, inplace=True)]
    for k, stride in ((1, 2), (2, 2), (4, 1)):
        convolution = nn.Conv2d(width * k, width * k * 2, 4, stride, 1)
        norm = nn.InstanceNorm2d(width * k * 2)
        layers += [convolution, norm, nn.LeakyReLU(0.2, inplace=True)]
    return _initialised(nn.Sequential(*layers, nn.Conv2d(width * 8, 1, 4, 1, 1)))


def _normed(convolution: nn.Conv2d | nn.ConvTranspose2d) -> list[nn.Module]:
    return [convolution, nn.InstanceNorm2d(convolution.out_channels), nn.ReLU(inplace=True)]


def _initialised(network: nn.Sequential) -> nn.Sequential:
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, 0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return network


class _Pool:
    """The last generated images, half of which come back at random."""

    def __init__(self, size: int = 50) -> None:
        self.size = size
        self.images: list[Tensor] = []

    def query(self, images: Tensor) -> Tensor:
        answers = []
        for image in images:
            if len(self.images) < self.size:
                self.images.append(image)
                answers.append(image)
            elif random.uniform(0, 1) > 0.5:
                slot = random.randint(0, self.size - 1)
                answers.append(self.images[slot].clone())
                self.images[slot] = image
            else:
                answers.append(image)
        return torch.stack(answers)


class PlainCycleGAN:
    """Four networks, two optimisers, one `update`."""

    def __init__(self, blocks: int, device: str) -> None:
        self.G_A, self.G_B = generator(blocks).to(device), generator(blocks).to(device)
        self.D_A, self.D_B = discriminator().to(device), discriminator().to(device)
        betas = (0.5, 0.999)
        self.step_G = torch.optim.Adam(
            [*self.G_A.parameters(), *self.G_B.parameters()], 2e-4, betas
        )
        self.step_D = torch.optim.Adam(
            [*self.D_A.parameters(), *self.D_B.parameters()], 2e-4, betas
        )
        self.pool_A, self.pool_B = _Pool(), _Pool()

    def update(self, a: Tensor, b: Tensor) -> list[float]:
        """One update of all four networks on images float32 ``[n, 3, H, W]`` in [-1, 1]."""
        mse, l1 = nn.functional.mse_loss, nn.functional.l1_loss
        fake_b = self.G_A(a)
        recovered_a = self.G_B(fake_b)
        fake_a = self.G_B(b)
        recovered_b = self.G_A(fake_a)

        self._freeze(True)
        self.step_G.zero_grad()
        scores = self.D_A(fake_b), self.D_B(fake_a)
        losses = [
            l1(self.G_A(b), b) * 10 * 0.5,
            l1(self.G_B(a), a) * 10 * 0.5,
            *(mse(score, torch.ones_like(score)) for score in scores),
            l1(recovered_a, a) * 10,
            l1(recovered_b, b) * 10,
        ]
        torch.stack(losses).sum().backward()
        self.step_G.step()

        self._freeze(False)
        self.step_D.zero_grad()
        for network, real, fake in (
            (self.D_A, b, self.pool_B.query(fake_b.detach())),
            (self.D_B, a, self.pool_A.query(fake_a.detach())),
        ):
            on_real, on_fake = network(real), network(fake)
            loss = mse(on_real, torch.ones_like(on_real)) + mse(on_fake, torch.zeros_like(on_fake))
            (loss * 0.5).backward()
            losses.append(loss)
        self.step_D.step()
        return [float(loss.detach()) for loss in losses]

    def _freeze(self, frozen: bool) -> None:
        for network in (self.D_A, self.D_B):
            network.requires_grad_(not frozen)
