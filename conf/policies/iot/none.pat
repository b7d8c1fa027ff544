# SPDX-License-Identifier: BSD-3-Clause
#
# none.pat: texts are not looked at here (content = false in policy.conf); a policy has one pattern at least.

iot.sample:/\bspring offers\b/i category=peer weight=1 note="never asked"
+ "Spring offers, only today"
- "reading 42"
