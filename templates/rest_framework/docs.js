SwaggerUIBundle({
  url: "{{ schema_url|escapejs }}",
  dom_id: "#swagger-ui",
  deepLinking: true,
  // Otherwise the description's address is sent to a validator elsewhere.
  validatorUrl: null,
});
