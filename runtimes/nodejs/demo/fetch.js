// SPDX-License-Identifier: GPL-2.0-or-later
//
// Fetches the address in the request with Node's own HTTP client, any number at
// a time: frr.load_ffi("nodejs", "demo/fetch,init"). A status other than 200 is
// the code of the answer.
'use strict';

const http = require('http');
const https = require('https');
const { Failure, serve } = require('frr_runtime');

const PATIENCE = 10000;

exports.init = (cfg, queue) => {
  serve(queue, (request) => fetch(new URL(String(request))));
};

function fetch(url) {
  const client = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const call = client.get(url, { timeout: PATIENCE }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(parts);
        if (response.statusCode === 200) resolve(body);
        else reject(new Failure(response.statusCode, body));
      });
    });
    call.on('timeout', () => call.destroy(new Error(`no answer within ${PATIENCE} ms`)));
    call.on('error', reject);
  });
}
