"""The model card: one page on what a version is, what it is good for, and how good it is."""

from days_to_sell.training.card.card import ModelCard, log_card, render, summarise
from days_to_sell.training.card.compose import compose

__all__ = ["ModelCard", "compose", "log_card", "render", "summarise"]
