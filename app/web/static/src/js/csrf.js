// The CSRF token that the server keeps in a cookie.

const CSRF_COOKIE = "csrf_token=";

/**
 * Return the CSRF token among the cookies of a page.
 * @param {string} cookies
 * @returns {string | undefined}
 */
export function csrfToken(cookies) {
  const pair = cookies.split("; ").find((item) => item.startsWith(CSRF_COOKIE));
  return pair?.slice(CSRF_COOKIE.length);
}
