# SPDX-License-Identifier: BSD-3-Clause
#
# link.pat: what a link looks like. None of these signs is a wrong by itself: each only adds to what
# parcel.pat, bank.pat and account.pat found in the text. The field is each link in normal form: scheme
# and host in lower case, "hxxp" and "[.]" undone.
#
# Examples: ours.

@default category=phishing field=url weight=40

link.shortener:/^https?:\/\/(bit\.ly|bit\.do|tinyurl\.com|t\.ly|is\.gd|cutt\.ly|rb\.gy|goo\.gl|ow\.ly|shorturl\.at|t\.co|s\.id|rebrand\.ly|tiny\.cc|url\.ie|smsg\.io|v\.gd|buff\.ly|lnkd\.in|t2m\.io|2no\.co|clck\.ru|u\.to|cuti\.cc|wa\.me)([\/:?]|$)/i note="short links; lawful senders use them too"
+ "see bit.ly/3abc"
- "https://example.com/bit.ly"

link.address:/^https?:\/\/[0-9]{1,3}(\.[0-9]{1,3}){3}([\/:?]|$)/i weight=60 note="a bare IP address"
+ "http://203.0.113.7/login"
- "http://www.example.com/1.2.3.4"

link.tld:/^https?:\/\/[^\/:?]*\.(top|xyz|vip|live|online|site|icu|club|cyou|buzz|info|click|shop|app|rest|sbs|cfd|monster|quest|work|link|pw|tk|ml|ga|cf|gq|ru\.com|rocks|mobi|bond|lol)([\/:?]|$)/i weight=50 note="cheap top-level domains"
+ "http://parcel-fee.example.top/x"
- "http://www.example.com/top"

link.free.host:/^https?:\/\/[^\/:?]*\.(ngrok(-free)?\.(io|app)|duckdns\.org|web\.app|firebaseapp\.com|vercel\.app|netlify\.app|github\.io|pages\.dev|workers\.dev|blogspot\.[a-z.]+|weebly\.com|wixsite\.com|webnode\.[a-z]+|jimdo(free)?\.com|000webhostapp\.com|co\.nf|co\.cc|webredirect\.org|herokuapp\.com|r2\.dev)([\/:?]|$)/i weight=50 note="free hosting and tunnels"
+ "http://7e4d6417.ngrok.io/pay"
- "https://www.example.com/ngrok.io"

link.words:/^https?:\/\/[^\/:?]*(verify|verif|secure|login|signin|log-in|account|update|billing|portal|client|support|id-?check|kyc|wallet|unlock|confirm|refund|reactivat|redeliver|reschedul|customs|mobileupdate|aduana|sicurezza|identity)[^\/:?]*[-.][a-z0-9-]+([\/:?]|$)/i weight=30 note="a host made of words that promise safety"
+ "https://verify-id.example.com/a"
- "https://www.example.com/account"

link.brand:/^https?:\/\/([^\/:?]*[.-])?(uk|my|the)?(paypal|apple|icloud|amazon|netflix|dhl|usps|fedex|ups|dpd|evri|hermes|royalmail|correos|postnl|chronopost|poste|hsbc|barclays|lloyds|natwest|santander|nationwide|halifax|chase|wellsfargo|bankofamerica|citi|cibc|rbc|tdbank|nab|sbi|icici|hdfc|paytm|ing|sparkasse|volksbank|caixabank|bbva|hmrc|irs|gov|usps|ezpass|sunpass|whatsapp|metamask|coinbase)(-[a-z0-9-]+|\.[a-z0-9-]{4,}|\.com[.-][a-z0-9-]+|\.com[a-z0-9-]+)\.[^\/:?]{2,}([\/:?]|$)/i weight=50 note="a brand's name before somebody else's domain"
+ "https://dhl-parcel.example.com"
+ "http://www.apple.com.text.example.com"
- "https://www.dhl.com/track"
- "https://www.royalmail.com/track"
- "https://www.gov.uk/tax"

link.punycode:/^https?:\/\/[^\/:?]*[^\x{0}-\x{7F}\/:?]/i weight=20 note="a host outside ASCII, as it is shown: xn-- is undone"
+ "http://xn--pypal-4ve.example.com"
+ "http://www.раy.example.com"
- "http://www.example.com/xn--р"
