# SPDX-License-Identifier: BSD-3-Clause
#
# parcel.pat: parcels that are said to wait for a small fee, an address or a click.
#
# Carriers' real notices name a parcel, a day, a shop and a link to follow it. What they do not do in a
# text is ask for a fee or personal data behind a link of somewhere else. Hence: what is wanted (here)
# and where the link leads (link.pat) are weighed together in the category phishing.
#
# Examples: ours.

@default category=phishing view=folded weight=60

parcel.fee:/\b(parcel|package|packet|shipment|delivery|item|order|courier|consignment)\b.*\b(customs?|import|duty|duties|shipping|redelivery|re-delivery|handling|postage|clearance|unpaid|outstanding|pending)\b.*\b(fees?|charges?|tax|duty|amount|payment|paid|of)\b/i note="a fee on a parcel"
+ "One parcel for you. The customs charge was not paid yet"
+ "Your p@rcel is waiting: unpaid shipping fee"
- "Your parcel 00340434161094 will be delivered tomorrow between 9 and 12."
- "Order 4411 shipped. Shipping was free."

parcel.needs.fee:/\b(parcel|package|shipment|delivery)\b.*\b(needs|requires|awaits?|awaiting|pending|held|on hold|detained|stuck)\b.*\b(fees?|pay(ment)?|customs|charges?|confirm(ation)?|address|details)\b/i
+ "Your package needs a fee. Pay at http://x.example"
+ "Уоur pаckаgе is on hold, confirm your details"
- "Your package is awaiting collection at the post office, bring an ID."

parcel.failed:/\b(missed|failed|unable to|could ?n[o']t|attempted|tried to|not) ?(be )?(a |your |make |make a |to )?(deliver(y|ed)?|parcel)\b.*\b(confirm|pay|update|settle|verify|reschedul|re-schedul|rearrang|rebook|incomplete|address)/i weight=50 note="carriers write this too: a link must be odd to make it count"
+ "We could not deliver your parcel, please confirm your address"
+ "Our van missed your delivery. Rearrange it today"
- "Your parcel was delivered to a neighbour at number 12."

parcel.address:/\b(parcel|package|delivery|shipment|order)\b.*\b(address|postcode|zip ?code|house number)\b.*\b(incomplete|invalid|incorrect|missing|wrong|unclear|could not be|cannot be)/i
+ "USPS: your package cannot be delivered, the address is incomplete"
- "Delivery address changed as you asked: 5 Mill Lane."

parcel.toll:/\b(unpaid|outstanding|overdue|pending)\b.*\b(tolls?|toll (fee|charge|invoice|balance)|parking (fine|charge|ticket))\b.*\b(pay|avoid|settle|late|penalt|fine)/i note="the same trick with road tolls"
+ "You have an unpaid toll of 6.99. Pay now to avoid a late fee"
- "Toll paid: 4.20 on the A7 at 10:31."

# ---- other languages ----

parcel.es:/\b(paquete|envio|pedido|peaje)\b.*(retenido|aduanas?|pendiente|no (se )?ha podido|devuelto|direccion incompleta|impagad).*(pag(ue|ar|o|a)|tasa|gastos|confirm|actualic|abon|liberar)/i
+ "Un envío a su nombre quedó pendiente: abone los gastos y lo llevamos"
- "Correos: su paquete llegará mañana antes de las 14:00."

parcel.fr:/\b(colis|livraison|envoi|paquet|peage)\b.*(en attente|retenu|bloque|suspendu|impaye|douane|n'a pas pu|incomplet|frais).*(pay|regl|frais|confirm|mettre a jour|programm|adresse)/i
+ "Chronopost : votre colis est en attente, réglez les frais de douane 1,95 €"
- "Votre colis est disponible au relais, munissez-vous d'une pièce d'identité."

parcel.de:/\b(paket|sendung|lieferung|zoll|maut(gebuhr)?)\b.*(zuruckgehalten|konnte nicht|nicht zugestellt|ausstehend|offene?|fallig|wartet|angehalten|unvollstandig|zollgebuhr|gebuhr).*(zahl|bezahl|begleich|bestatig|aktualisier|gebuhr|adresse|verfolg)/i
+ "DHL: Ihr Paket konnte nicht zugestellt werden, bitte zahlen Sie die Zollgebühr"
- "DHL: Ihr Paket kommt morgen zwischen 9 und 12 Uhr."
- "Paket liegt bei Nachbarn im Haus Nr. 7."

parcel.it:/\b(pacco|spedizione|consegna)\b.*(giacenza|trattenut|in attesa|bloccat|non (e stato )?possibile|dogana|sospes).*(pag|sdogan|spese|confer|aggiorn|sblocc)/i
+ "Spedizione bloccata in dogana: conferma le spese di 2 euro"
- "Il tuo pacco sarà consegnato domani mattina."

parcel.nl:/\b(pakket|zending|bezorging)\b.*(wacht|vastgehouden|niet (worden )?bezorgd|douane|ingehouden|openstaand).*(kosten|betaal|bevestig|verzendkosten|invoer)/i
+ "PostNL: uw pakket wacht op betaling van de douanekosten"
- "PostNL: je pakket is vandaag bezorgd."

parcel.pt:/\b(encomenda|pacote|pedido|objeto)\b.*(retid|alfandega|taxad|pendente|aguarda|nao (foi )?(possivel|entregue)|devolvid).*(pag(ue|ar|amento|a)|taxa|regulariz|confirm|liber|atualiz)/i
+ "Correios: sua encomenda foi retida na alfândega, pague a taxa para liberar"
- "Correios: sua encomenda foi entregue hoje às 14h."

parcel.hi:/\b(parcel|package|courier)\b.*(customs|ruka|hold|pending|wapas|address).*(pay|bharein|karein|update|link)/i weight=50 note="Hindi in Latin letters"
+ "Courier ruka hua hai, address update karein"
- "Aapka parcel aaj deliver ho gaya."

parcel.id:/\b(paket|kiriman)\b.*(tertahan|ditahan|bea cukai|pajak|gagal (di)?kirim|alamat).*(bayar|biaya|konfirmasi|lengkapi|klik|transfer)/i
+ "Paket Anda tertahan di bea cukai, segera bayar biaya pajak"
- "JNE: paket Anda telah dikirim, tiba besok."

parcel.ru:/(посылк|отправлени|заказ).*(задержан|таможн|не (может быть |был[аои]? )?доставлен|ожидает|неверн).*(оплат|подтверд|уточни|пошлин|комисси)/i
+ "Почта: ваша посылка задержана на таможне, оплатите пошлину"
- "Ваша посылка прибыла в отделение, код получения 4411."

parcel.zh:/(包裹|快递|快件).*(滞留|扣留|无法(派送|投递)|地址(不|错|有误)|清关|关税).*(支付|缴|更新|确认|点击|填写|http)/i
+ "您的包裹因地址有误无法派送，请点击更新"
- "您的包裹已于今日送达。"

parcel.ar:/(شحنتك|طردك|الطرد|طلبيتك).*(معلقة|محتجزة|الجمارك|متوقف|لم يتم).*(ادفع|دفع|رسوم|تأكيد|تحديث)/i
+ "شحنتك معلقة في الجمارك. ادفع الرسوم للإفراج"
- "تم توصيل شحنتك اليوم، شكرا لك"
