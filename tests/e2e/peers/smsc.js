// SPDX-License-Identifier: BSD-3-Clause
// smsc: an SMSC on npm "smpp".  node smsc.js JOB.json
// JOB: { host, port, persona: "strict" | "accept", log, mo: [message...], mo_every }
// strict refuses an empty destination (SMPP 3.4 5.1.3), accept takes everything.
const fs = require('fs'), smpp = require('smpp'), { record } = require('./record');
const job = JSON.parse(fs.readFileSync(process.argv[2]));
const log = fs.openSync(job.log, 'a');
const RINVDSTADR = 0x0b;
let sessions = 0, ids = 0;

const deliver = (session, m) => session.deliver_sm({
	source_addr_ton: 1, source_addr_npi: 1, source_addr: m.src,
	dest_addr_ton: 5, destination_addr: m.dst,
	esm_class: m.esm, data_coding: m.dc, short_message: Buffer.from(m.hex, 'hex'),
});

const server = smpp.createServer({}, session => {
	let submits = 0, mo = 0;
	record(session, log, ++sessions);
	const bound = pdu => session.send(pdu.response({ system_id: 'E2E-SMSC' }));
	const submit = pdu => {
		if (job.persona === 'strict' && pdu.destination_addr === '')
			return session.send(pdu.response({ command_status: RINVDSTADR }));
		session.send(pdu.response({ message_id: 'm' + ++ids }));
		if (job.mo && ++submits % job.mo_every === 0 && mo < job.mo.length)
			deliver(session, job.mo[mo++]);
	};
	for (const name of ['bind_transceiver', 'bind_transmitter', 'bind_receiver'])
		session.on(name, bound);
	session.on('submit_sm', submit);
	session.on('data_sm', submit);
	session.on('enquire_link', pdu => session.send(pdu.response()));
	session.on('unbind', pdu => session.send(pdu.response()));
	session.on('error', error => console.error('session: ' + error.message));
	const beat = setInterval(() => session.enquire_link(), 150);
	session.on('close', () => clearInterval(beat));
});
server.listen(job.port, job.host, () => console.log('listening'));
