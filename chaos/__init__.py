"""Promotions while everything that releases them is killed, and a judgement of what became of them."""
