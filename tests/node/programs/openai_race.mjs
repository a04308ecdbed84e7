// Conversations at the same time, some of them equal; which is done first is part of what is printed.
import OpenAI from "openai";

const client = new OpenAI();

async function talk(question, turns) {
  const messages = [{ role: "system", content: "You are a friendly support agent." }];
  const said = [];
  for (let turn = 0; turn < turns; turn++) {
    messages.push({ role: "user", content: `${question}, ${turn}?` });
    const stream = await client.chat.completions.create({ model: "gpt-5-mini", messages: [...messages], stream: true });
    let text = "";
    for await (const chunk of stream) text += chunk.choices[0]?.delta?.content ?? "";
    messages.push({ role: "assistant", content: text });
    said.push(text);
  }
  return said.join(" | ");
}

const talks = [];
for (let number = 0; number < 4; number++) talks.push(talk(`Question ${number}`, 3), talk("The same question", 2));
const order = [];
await Promise.all(talks.map((each, at) => each.then(() => order.push(at))));
console.log(order.join(" "));
console.log((await Promise.all(talks)).join("\n"));
