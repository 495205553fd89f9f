// Starts Swagger UI under a strict Content-Security-Policy, with our CSRF token on every call that it makes.
addEventListener("DOMContentLoaded", () => {
  const holder = document.getElementById("api-reference");
  const dark = document.documentElement.dataset.theme === "dark" || (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.classList.toggle("dark-mode", dark);
  window.SwaggerUIBundle({
    domNode: holder,
    url: holder.dataset.openapi,
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    requestInterceptor: (request) => {
      const token = document.cookie.split("; ").find((pair) => pair.startsWith("csrf_token="));
      if (token) request.headers["X-CSRF-TOKEN"] = token.slice("csrf_token=".length);
      return request;
    },
  });
});
