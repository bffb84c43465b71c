# syntax=docker/dockerfile:1
# The playground in a container: not root, nothing to write to but /tmp. deploy/README.md says how to use it.
#
#   docker build -t rnn-playground --build-arg PIP_EXTRA_INDEX_URL=… .
#
# PIP_EXTRA_INDEX_URL: an index of torch's CPU builds, named under "CPU" in PyTorch's installation guide. Its torch
# 2.13.0+cpu satisfies requirements.txt and is taken before the one with CUDA, which makes the image 4 GB larger.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS packages
ARG PIP_EXTRA_INDEX_URL=""
COPY requirements.txt requirements-fast.txt ./
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check -r requirements.txt -r requirements-fast.txt

FROM python:${PYTHON}-slim
COPY --from=packages /opt/venv /opt/venv
# What has no home of its own writes below HOME, if at all. One thread each: matrices this small are not worth more.
ENV PATH=/opt/venv/bin:$PATH \
    HOME=/tmp \
    OMP_NUM_THREADS=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    STREAMLIT_LOGGER_HIDE_WELCOME_MESSAGE=true \
    STREAMLIT_SERVER_HEADLESS=true \
    STREAMLIT_SERVER_PORT=8501
WORKDIR /app
COPY app.py ./
COPY .streamlit .streamlit
COPY pages pages
COPY playground playground
RUN python -m compileall -q app.py pages playground
USER 10001:10001
EXPOSE 8501
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 \
    CMD ["python", "-c", "import os, urllib.request as web; web.urlopen('http://127.0.0.1:%s/_stcore/health' % os.environ['STREAMLIT_SERVER_PORT'], timeout=4)"]
CMD ["streamlit", "run", "app.py"]
