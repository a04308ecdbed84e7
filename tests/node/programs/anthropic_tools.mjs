// Anthropic messages, streamed, with a tool.
import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic();
const tools = [
  {
    name: "lookup_order",
    description: "What was ordered, and where it is.",
    input_schema: { type: "object", properties: { order_id: { type: "integer" } }, required: ["order_id"] },
  },
];
const messages = [{ role: "user", content: "Where is order 7?" }];
for (let turns = 0; turns < 6; turns++) {
  const stream = client.messages.stream({
    model: "claude-haiku-4-5",
    max_tokens: 500,
    system: "You are a friendly support agent.",
    messages,
    tools,
  });
  stream.on("text", (text) => process.stdout.write(text));
  const message = await stream.finalMessage();
  messages.push({ role: "assistant", content: message.content });
  const calls = message.content.filter((block) => block.type === "tool_use");
  if (!calls.length) break;
  const content = JSON.stringify({ item: "reading lamp", status: "delivered" });
  messages.push({ role: "user", content: calls.map(({ id }) => ({ type: "tool_result", tool_use_id: id, content })) });
}
