"""FastAPI in front of ONNX Runtime, as both projects advise, for uvicorn to start.

Types are checked by pydantic, the reply by its response model. The function is a coroutine, for a thread's
turn costs more than the model; one session of one thread in each worker, for rows come one by one.
"""

from __future__ import annotations

import os

import numpy as np
import onnxruntime
from fastapi import FastAPI
from pydantic import BaseModel


class Car(BaseModel):
    """One row, of the names of ``bench.fitted.NUMBERS``."""

    price: float
    age: float
    mileage: float
    power: float
    length: float
    doors: float


class Request(BaseModel):
    """The bytes that every contestant gets."""

    dataframe_records: list[Car]


class Answer(BaseModel):
    """The bytes that every contestant gives."""

    predictions: list[float]


options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(os.environ["ONNX_MODEL"], options, providers=["CPUExecutionProvider"])
app = FastAPI()


@app.post("/invocations")
async def predict(request: Request) -> Answer:
    """Answer each row."""
    rows = [
        (car.price, car.age, car.mileage, car.power, car.length, car.doors)
        for car in request.dataframe_records
    ]
    (days,) = session.run(None, {"features": np.array(rows, dtype=np.float32)})
    return Answer(predictions=days[:, 0].tolist())
