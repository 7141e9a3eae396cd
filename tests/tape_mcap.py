"""Prints the messages of a tape, read by the reference reader of MCAP with all its checks, one a line."""

import json
import sys

from mcap.reader import make_reader

with open(sys.argv[1], "rb") as file:
    reader = make_reader(file, validate_crcs=True)
    summary = reader.get_summary()
    count = 0
    for schema, channel, message in reader.iter_messages(log_time_order=False):
        assert schema.name == "standin.Event" and schema.encoding == "jsonschema", schema
        assert json.loads(schema.data)["type"] == "object"
        assert channel.message_encoding == "json", channel
        event = json.loads(message.data)
        assert message.sequence == event["seq"] == count + 1, event
        assert channel.metadata["session"] == event["session"] and channel.metadata["kind"] == event["kind"], event
        sys.stdout.buffer.write(message.data + b"\n")
        count += 1
    assert summary.statistics.message_count == count
    names = [record.name for record in reader.iter_metadata()]
    assert names[0] == "standin.tape" and "standin.session" in names, names
