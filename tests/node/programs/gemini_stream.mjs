// Gemini, streamed and whole.
import { GoogleGenAI } from "@google/genai";

const client = new GoogleGenAI({ apiKey: process.env.GEMINI_API_KEY });
const config = { systemInstruction: "You are a friendly support agent." };
const asked = { model: "gemini-2.5-flash", contents: "Say hello to Ada.", config };
for await (const chunk of await client.models.generateContentStream(asked)) process.stdout.write(chunk.text ?? "");
const whole = await client.models.generateContent({ ...asked, contents: "And to Grace?" });
process.stdout.write(`\n${whole.text}`);
