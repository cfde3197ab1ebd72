// SPDX-License-Identifier: GPL-2.0-or-later
//
// The second version of a module.
'use strict';

const { serve } = require('frr_runtime');

exports.init = (cfg, queue) => serve(queue, () => '2');
