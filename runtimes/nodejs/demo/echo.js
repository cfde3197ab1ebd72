// SPDX-License-Identifier: GPL-2.0-or-later
//
// Answers with the request: frr.load_ffi("nodejs", "demo/echo,init").
'use strict';

const { serve } = require('frr_runtime');

exports.init = (cfg, queue) => {
  if (cfg === 'fail') throw new Error('told to fail');
  serve(queue, (request) => request);
};
