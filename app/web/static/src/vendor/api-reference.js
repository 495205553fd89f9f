// Starts Swagger UI under a strict Content-Security-Policy, with our CSRF token on every call that it makes.
addEventListener("DOMContentLoaded", () => {
  const holder = document.getElementById("api-reference");
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => root.classList.toggle("dark-mode", root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  follow();
  system.addEventListener("change", follow);
  new MutationObserver(follow).observe(root, { attributes: true, attributeFilter: ["data-theme"] });
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
