// SPDX-License-Identifier: BSD-3-Clause
// smsc: an SMSC on npm "smpp".  node smsc.js JOB.json
// JOB: { host, port, persona: "strict" | "accept", log, mo: [message...], mo_every, answer_ms }
// strict refuses what SMPP 3.4 does not allow, with the status of 5.1.3 that is meant for it; accept takes everything.
// answer_ms: how long an answer to submit_sm takes.
const fs = require('fs'), smpp = require('smpp'), { record, note } = require('./record');
const job = JSON.parse(fs.readFileSync(process.argv[2]));
const log = fs.openSync(job.log, 'a');
smpp.PDU.maxLength = 65536;
const BEAT_MS = 150;
let sessions = 0, ids = 0;

// What is looked at, in this order: [status, is it wrong?]. Sections of SMPP 3.4.
const RULES = [
	[0x15, pdu => pdu.service_type.length > 5],                                     // 5.2.11
	[0x0b, pdu => pdu.destination_addr === '' || !/^[0-9A-Za-z+]+$/.test(pdu.destination_addr)], // 5.2.9
	[0x50, pdu => pdu.dest_addr_ton > 6],                                           // 5.2.5
	[0x51, pdu => ![0, 1, 3, 4, 6, 8, 9, 10, 14, 18].includes(pdu.dest_addr_npi)],  // 5.2.6
	[0x48, pdu => pdu.source_addr_ton > 6],
	[0x49, pdu => ![0, 1, 3, 4, 6, 8, 9, 10, 14, 18].includes(pdu.source_addr_npi)],
	[0x43, pdu => ![0, 2].includes(pdu.esm_class >> 2 & 15)],                       // 5.2.12
	[0x06, pdu => pdu.priority_flag > 3],                                           // 5.2.14
	[0x07, pdu => (pdu.registered_delivery & 3) === 3],                             // 5.2.17
	[0x54, pdu => pdu.replace_if_present_flag > 1],                                 // 5.2.18
];
const judge = pdu => {
	const broken = job.persona === 'strict' && RULES.find(rule => rule[1](pdu));
	return broken ? broken[0] : 0;
};

const deliver = (session, m) => session.deliver_sm({
	source_addr_ton: 1, source_addr_npi: 1, source_addr: m.src,
	dest_addr_ton: 5, destination_addr: m.dst,
	esm_class: m.esm, data_coding: m.dc, short_message: Buffer.from(m.hex, 'hex'),
});

const server = smpp.createServer({}, session => {
	const number = ++sessions;
	let submits = 0, mo = 0;
	record(session, log, number);
	const bound = pdu => session.send(pdu.response({ system_id: 'E2E-SMSC' }));
	const answer = pdu => {
		const status = judge(pdu);
		if (status)
			return session.send(pdu.response({ command_status: status }));
		session.send(pdu.response({ message_id: 'm' + ++ids }));
		if (job.mo && ++submits % job.mo_every === 0 && mo < job.mo.length)
			deliver(session, job.mo[mo++]);
	};
	const submit = pdu => job.answer_ms ? setTimeout(answer, job.answer_ms, pdu) : answer(pdu);
	for (const name of ['bind_transceiver', 'bind_transmitter', 'bind_receiver'])
		session.on(name, bound);
	session.on('submit_sm', submit);
	session.on('data_sm', submit);
	session.on('enquire_link', pdu => session.send(pdu.response()));
	session.on('unbind', pdu => {
		clearInterval(beat);
		session.send(pdu.response());
	});
	session.on('error', error => console.error('session: ' + error.message));
	const beat = setInterval(() => session.enquire_link(), BEAT_MS);
	session.on('close', () => {
		clearInterval(beat);
		note(log, number, 'closed');
	});
});
server.listen(job.port, job.host, () => console.log('listening'));
