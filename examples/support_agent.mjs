// A support agent in JavaScript, for `replay proxy`. It needs Node 20 and the openai package (npm install openai).
//
//   replay proxy --record agent.cassette -- node examples/support_agent.mjs
//   replay play agent.cassette
//
// The SDK reads OPENAI_BASE_URL by itself: nothing in here knows of replay. Where the orders are is SHOP_URL.

import OpenAI from "openai";

const client = new OpenAI();
const orders = { 7: { item: "reading lamp", status: "delivered" }, 8: { item: "kettle", status: "lost" } };
const tools = [
  {
    type: "function",
    function: {
      name: "lookup_order",
      description: "What was ordered, and where it is.",
      parameters: { type: "object", properties: { order_id: { type: "integer" } }, required: ["order_id"] },
    },
  },
];

async function lookupOrder(id) {
  if (!process.env.SHOP_URL) return orders[id] ?? { error: "no such order" };
  const response = await fetch(`${process.env.SHOP_URL}/orders/${id}`);
  return response.json();
}

/** The model's next message, put together from its stream; the words are shown as they come. */
async function turn(messages) {
  const message = { role: "assistant", content: "" };
  const calls = [];
  const stream = await client.chat.completions.create({ model: "gpt-5-mini", messages, tools, stream: true });
  for await (const chunk of stream) {
    const delta = chunk.choices[0]?.delta ?? {};
    message.content += delta.content ?? "";
    process.stdout.write(delta.content ?? "");
    for (const piece of delta.tool_calls ?? []) {
      calls[piece.index] ??= { id: piece.id, type: "function", function: { name: piece.function.name, arguments: "" } };
      calls[piece.index].function.arguments += piece.function.arguments ?? "";
    }
  }
  return calls.length ? { ...message, tool_calls: calls } : message;
}

const messages = [
  { role: "system", content: "You are a friendly support agent." },
  { role: "user", content: process.argv[2] ?? "Where are my orders 7 and 8?" },
];
for (let turns = 0; turns < 6; turns++) {
  const message = await turn(messages);
  messages.push(message);
  if (!message.tool_calls) break;
  const results = await Promise.all(
    message.tool_calls.map(async (call) => {
      const { order_id } = JSON.parse(call.function.arguments);
      return { role: "tool", tool_call_id: call.id, content: JSON.stringify(await lookupOrder(order_id)) };
    }),
  );
  messages.push(...results);
}
process.stdout.write("\n");
