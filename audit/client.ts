// Reads the demo with a client generated from the API's own description. It compiles only if the description
// names these addresses, parameters and members, with these types.
import createClient from "openapi-fetch";

import type { components, paths, webhooks } from "./schema.js";

type Delivery = webhooks["change"]["post"]["requestBody"]["content"]["application/json"];

// A receiver of webhooks would begin like this.
export const headlineOf = (delivery: Delivery): string =>
  delivery.data.blog.status === "withdrawn" ? "" : delivery.data.blog.headline;

const client = createClient<paths>({ baseUrl: process.argv[2] });

const blogs = await client.GET("/api/v1/blogs/", { params: { query: { edition: "zh-hans" } } });
if (!blogs.data) throw new Error("no live blogs");
let count = 0;
for (const blog of blogs.data.results as components["schemas"]["Blog"][]) {
  const path = { slug: blog.slug };
  const changes = await client.GET("/api/v1/blogs/{slug}/changes/", { params: { path, query: { after: 0 } } });
  if (!changes.data) throw new Error(`no changes of ${blog.slug}`);
  const updates = (changes.data as components["schemas"]["Changes"]).updates;
  for (const update of updates) if (update.status === "published") count += update.heading.length > 0 ? 1 : 0;
}
const refused = await client.GET("/api/v1/updates/{id}/", { params: { path: { id: 1 } } });
if (refused.data || refused.response.status !== 404) throw new Error("no problem for an unknown update");
console.log(`${blogs.data.results.length} live blogs, ${count} updates with a heading`);
