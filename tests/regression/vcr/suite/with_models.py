import boto3
import httpx2
import openai
import pytest
from botocore.config import Config

pytestmark = pytest.mark.vcr

ASKED = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "hello"}]}
TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}


@pytest.fixture
def client(url):
    return openai.OpenAI(base_url=f"{url}/v1", api_key="sk-nothing", max_retries=0)


@pytest.fixture
def bedrock(url):
    return boto3.client(
        "bedrock-runtime",
        region_name="eu-central-1",
        endpoint_url=url,
        aws_access_key_id="none",
        aws_secret_access_key="none",
        config=Config(retries={"total_max_attempts": 1}),
    )


def test_httpx2(url):
    assert httpx2.get(f"{url}/echo/a").json()["path"] == "/echo/a"


def test_chat(client):
    said = client.chat.completions.create(**ASKED).choices[0].message.content
    assert said.startswith("answer ") and said.endswith(" to hello")


def test_chat_streamed(client):
    parts = [chunk.choices[0].delta.content for chunk in client.chat.completions.create(**ASKED, stream=True)]
    assert parts[-1] == "hello" and len(parts) == 4


def test_tools(client):
    message = client.chat.completions.create(**ASKED, tools=[TOOL]).choices[0].message
    assert message.tool_calls[0].function.name == "look_up"


@pytest.mark.vcr(match_on=["method", "scheme", "host", "port", "path", "query", "body"])
async def test_chat_asynchronous(url):
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="sk-nothing", max_retries=0) as client:
        answer = await client.chat.completions.create(**ASKED)
    assert answer.choices[0].message.content.endswith("to hello")


def test_converse(bedrock):
    asked = [{"role": "user", "content": [{"text": "hello"}]}]
    said = bedrock.converse(modelId="some-model", messages=asked)
    assert said["output"]["message"]["content"][0]["text"].endswith("to hello")
