// Ollama: lines of JSON, and whole.
import { Ollama } from "ollama";

const client = new Ollama({ host: process.env.OLLAMA_HOST });
const messages = [
  { role: "system", content: "You are a friendly support agent." },
  { role: "user", content: "Say hello to Ada." },
];
for await (const part of await client.chat({ model: "llama3.2", messages, stream: true }))
  process.stdout.write(part.message.content);
const whole = await client.chat({ model: "llama3.2", messages });
process.stdout.write(`\n${whole.message.content}`);
