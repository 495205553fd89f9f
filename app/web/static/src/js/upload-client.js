// Client of the upload API: start an upload, get its offset, send the rest, get the file, remove it.
import { progressOf } from "./upload-rules.js";

/** @typedef {{ kind: string, name: string, size: number, replaces: string | undefined }} NewUpload */
/** @typedef {{ code: number, body: any }} Answer the status code and the JSON, null where there is none */

export class UploadClient {
  /**
   * @param {string} address
   * @param {() => string} csrfToken
   */
  constructor(address, csrfToken) {
    this.address = address;
    this.csrfToken = csrfToken;
  }

  /**
   * Call one address of the API.
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   * @returns {Promise<Answer>}
   */
  async call(method, path, body) {
    /** @type {Record<string, string>} */
    const headers = { Accept: "application/json", "X-CSRF-TOKEN": this.csrfToken() };
    if (body) headers["Content-Type"] = "application/json";
    const answer = await fetch(this.address + path, { method, headers, body: body ? JSON.stringify(body) : null });
    return { code: answer.status, body: answer.status === 204 ? null : await answer.json() };
  }

  /** @param {NewUpload} upload */
  begin(upload) {
    return this.call("POST", "/uploads", upload);
  }

  /** @param {string} id */
  upload(id) {
    return this.call("GET", `/uploads/${id}`);
  }

  /** @param {string} id */
  remove(id) {
    return this.call("DELETE", `/uploads/${id}`);
  }

  /** @param {string} id */
  file(id) {
    return this.call("GET", `/${id}`);
  }

  /**
   * Send what is missing; only XMLHttpRequest tells how much has been sent.
   * @param {string} id
   * @param {File} file
   * @param {number} offset how much has arrived
   * @param {(part: number) => void} onProgress
   * @returns {Promise<number>} the status code
   */
  sendRest(id, file, offset, onProgress) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("PATCH", `${this.address}/uploads/${id}`);
      request.setRequestHeader("Content-Type", "application/offset+octet-stream");
      request.setRequestHeader("Upload-Offset", String(offset));
      request.setRequestHeader("X-CSRF-TOKEN", this.csrfToken());
      request.upload.onprogress = (event) => onProgress(progressOf(offset, event.loaded, file.size));
      request.onload = () => resolve(request.status);
      request.onerror = reject;
      request.ontimeout = reject;
      request.send(file.slice(offset));
    });
  }
}
