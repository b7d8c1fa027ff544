# SPDX-License-Identifier: BSD-3-Clause
#
# never.pat: texts are not looked at here (content = false in policy.conf). This pattern would meet one that is in the
# test capture; that it never hits is what a test asks. A policy whose policy.conf has rules needs no patterns.

iot.sample:/\bspring offers\b/i category=peer weight=1 note="never asked"
+ "Spring offers, only today"
- "reading 42"
