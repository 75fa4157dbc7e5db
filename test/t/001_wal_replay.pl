# A standby answers as its primary does, row by row, after builds, inserts, deletes and
# VACUUM; once promoted, it goes on.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

my $primary = vdb_node('primary', streaming => 1);
$primary->start;
$primary->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'backup', has_streaming => 1);
$standby->start;

vdb_create($primary);
vdb_make_replicated($primary);

for my $cycle (0 .. 4)
{
	vdb_churn($primary, $cycle) if $cycle > 0;
	vdb_wait_for_replay($primary, $standby);

	my $answers = vdb_answers($primary);
	cmp_ok(length($answers), '>', 1000, "the primary answers after cycle $cycle");
	is(vdb_answers($standby), $answers, "the standby answers alike after cycle $cycle");
}
vdb_check_all($standby, 'standby in recovery');
vdb_check_all($primary, 'primary');

# Replay from the beginning of the file rather than of the stream.
$standby->stop('immediate');
$standby->start;
vdb_wait_for_replay($primary, $standby);
is(vdb_answers($standby), vdb_answers($primary), 'and after it was restarted from a crash');

my $answers = vdb_answers($primary);
$primary->stop('immediate');
$standby->promote;
is(vdb_answers($standby), $answers, 'the promoted standby answers as the primary did');
vdb_churn($standby, 5);
isnt(vdb_answers($standby), $answers, 'the promoted standby takes changes');
vdb_same_rows($standby, 'short', '<->', 'SELECT v FROM short_queries WHERE id = 1', 'short');
vdb_same_rows($standby, 'long', '<->', 'SELECT v FROM long_queries WHERE id = 1', 'long');

vdb_check_all($standby, 'at the end');
$standby->stop;
done_testing();
