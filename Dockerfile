# LLM Lab on a CPU: docker build -t llm-lab . && docker run -p 7860:7860 llm-lab
FROM python:3.12-slim

RUN useradd --create-home --uid 1000 lab
WORKDIR /app

# Before the code, so that changing the code does not install everything anew. The extra index has
# the CPU build of torch, which is several gigabytes smaller than the default one.
COPY requirements.txt ./
RUN pip install --no-cache-dir --extra-index-url https://download.pytorch.org/whl/cpu \
    -r requirements.txt

COPY . .

# Runs and models live in the home folder, never under /app or /tmp: Gradio serves files from there.
ENV LAB_HOME=/home/lab/.llm-lab \
    GRADIO_SERVER_NAME=0.0.0.0 \
    GRADIO_SERVER_PORT=7860 \
    PYTHONUNBUFFERED=1
USER 1000
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=10s --start-period=90s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['GRADIO_SERVER_PORT'], timeout=8)"]
CMD ["python", "app.py"]
