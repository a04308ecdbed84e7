// OpenAI responses: streamed and whole.
import OpenAI from "openai";

const client = new OpenAI();
const asked = { model: "gpt-5-mini", instructions: "You are a friendly support agent." };
const stream = await client.responses.create({ ...asked, input: "Say hello to Ada.", stream: true });
for await (const event of stream) if (event.type === "response.output_text.delta") process.stdout.write(event.delta);
const whole = await client.responses.create({ ...asked, input: "And to Grace?" });
process.stdout.write(`\n${whole.output_text}`);
