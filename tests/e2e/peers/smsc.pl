#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# smsc: an SMSC on Net::SMPP, one session after the other, IPv4 only.  perl smsc.pl JOB.json
# JOB: { port, log, persona }. Writes a line "DST DATA_CODING HEX" for each submit_sm; refuses an empty destination, unless
# persona is "accept". Other lines are of one or two words: bound, beat (an enquire_link answered), asked and answered
# (our own), unbound, closed.
use strict;
use warnings;
use IO::Handle;
use JSON::PP;
use Net::SMPP;

use constant ASK_EVERY => 40;

open(my $file, '<', $ARGV[0]) or die "$ARGV[0]: $!";
my $job = decode_json(do { local $/; <$file> });
open(my $log, '>>', $job->{log}) or die "$job->{log}: $!";
$log->autoflush(1);
STDOUT->autoflush(1);

my $listener = Net::SMPP->new_listen('0.0.0.0', port => $job->{port}, smpp_version => 0x34,
	interface_version => 0x34) or die "listen: $!";
my ($id, $submits) = (0, 0);

sub take_submit {
	my ($session, $pdu) = @_;
	my $text = length($pdu->{short_message}) ? $pdu->{short_message} : $pdu->{message_payload} // '';
	printf $log "%s %d %s\n", $pdu->{destination_addr} ne '' ? $pdu->{destination_addr} : '-',
		$pdu->{data_coding}, unpack('H*', $text);
	if ($pdu->{destination_addr} eq '' && ($job->{persona} // '') ne 'accept') {
		$session->submit_sm_resp(seq => $pdu->{seq}, message_id => '', status => 0x0b);
	} else {
		$session->submit_sm_resp(seq => $pdu->{seq}, message_id => 'p' . ++$id, status => 0);
	}
	if (++$submits % ASK_EVERY == 0) {
		$session->enquire_link(async => 1);
		print $log "asked\n";
	}
}

# What an SMSC does for each command; 0 ends the session.
sub take {
	my ($session, $pdu) = @_;
	my $command = $pdu->{cmd};
	if ($command == Net::SMPP::CMD_bind_transceiver) {
		$session->bind_transceiver_resp(seq => $pdu->{seq}, system_id => 'E2E-PERL');
		print $log "bound\n";
	} elsif ($command == Net::SMPP::CMD_bind_transmitter) {
		$session->bind_transmitter_resp(seq => $pdu->{seq}, system_id => 'E2E-PERL');
		print $log "bound\n";
	} elsif ($command == Net::SMPP::CMD_submit_sm) {
		take_submit($session, $pdu);
	} elsif ($command == Net::SMPP::CMD_enquire_link) {
		$session->enquire_link_resp(seq => $pdu->{seq});
		print $log "beat\n";
	} elsif ($command == Net::SMPP::CMD_enquire_link_resp) {
		print $log "answered\n";
	} elsif ($command == Net::SMPP::CMD_unbind) {
		$session->unbind_resp(seq => $pdu->{seq});
		print $log "unbound\n";
		return 0;
	}
	return 1;
}

print "listening\n";
while (1) {
	my $session = $listener->accept() or next; # Net::SMPP gives up waiting after a while
	while (my $pdu = $session->read_pdu()) {
		last unless take($session, $pdu);
	}
	print $log "closed\n";
	$session->close();
}
