"""VROOM's JSON in and out: a client of VROOM needs no change."""

from .answer import answered, orders_of, refused
from .fields import document
from .question import Question, question

__all__ = ["Question", "answered", "document", "orders_of", "question", "refused"]
