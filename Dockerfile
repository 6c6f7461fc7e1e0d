# The scoring image. Its build context is made by the release step, with no network needed in the build:
#   wheelhouse/                 wheels of requirements/serving.txt
#   toolkit/                    the toolkit's own wheel
#   requirements/serving.txt    what the service stands on, with hashes
#   serving/                    the service
#   package/                    the model package to serve
ARG BASE_IMAGE=python:3.11-slim-bookworm

FROM ${BASE_IMAGE} AS build
COPY wheelhouse /build/wheelhouse
COPY requirements/serving.txt /build/serving.txt
# Requirements change seldom, the toolkit often: each has a layer of its own.
RUN python3 -m venv /opt/service \
    && /opt/service/bin/python -m pip --disable-pip-version-check install --no-index \
        --find-links /build/wheelhouse --require-hashes --requirement /build/serving.txt
COPY toolkit /build/toolkit
# The toolkit's wheel names no dependency, so nothing beyond the hashed list can get in. pip has no work to do
# in a running container and stays behind.
RUN pip="/opt/service/bin/python -m pip --disable-pip-version-check" \
    && $pip install --no-index --no-deps /build/toolkit/days_to_sell-*.whl \
    && $pip check \
    && $pip uninstall --yes setuptools pip
COPY serving /srv/serving
RUN /opt/service/bin/python -m compileall -q /srv/serving
COPY package /srv/package
# Readable by whatever user the container is given, writable by none.
RUN chmod -R a=rX,u+w /srv /opt/service

FROM ${BASE_IMAGE}
COPY --from=build /opt/service /opt/service
COPY --from=build /srv /srv

ARG MODEL=""
ARG MODEL_VERSION=""
ARG RUN_ID=""
ARG PACKAGE_DIGEST=""
ARG REVISION=""
LABEL org.opencontainers.image.title="${MODEL}" \
      org.opencontainers.image.description="Scoring service of the model ${MODEL}" \
      org.opencontainers.image.version="${MODEL_VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      io.github.days-to-sell.model="${MODEL}" \
      io.github.days-to-sell.model-version="${MODEL_VERSION}" \
      io.github.days-to-sell.run-id="${RUN_ID}" \
      io.github.days-to-sell.package-digest="${PACKAGE_DIGEST}"
ENV DAYS_TO_SELL_HOST=0.0.0.0 \
    DAYS_TO_SELL_MODEL_VERSION="${MODEL_VERSION}" \
    DAYS_TO_SELL_PACKAGE=/srv/package \
    HOME=/tmp \
    PATH=/opt/service/bin:$PATH \
    PORT=8080 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONPATH=/srv \
    PYTHONUNBUFFERED=1

WORKDIR /srv
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-m", "serving.healthcheck"]
CMD ["gunicorn", "--config", "/srv/serving/gunicorn.conf.py"]
