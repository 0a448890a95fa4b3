-- SPDX-License-Identifier: Apache-2.0
-- Two live sessions of one VPN, one of them extended, and one that is released,
-- as the schema of version 3 kept them. :doc is a session's document.
INSERT INTO tenant VALUES ('t1', 2, 20);
INSERT INTO vpn VALUES ('v1', 't1', 5, 's2c5', '64512:5');
INSERT INTO session VALUES
    (1, 's-1', 't1', 'c', 'one', 'v1', 'a', 'z', 'AA', 'ACTIVATED', 'active', 'present', 10, 1, 0, 3, 0, '', 0, 0, 1, :doc, x''),
    (2, 's-2', 't1', 'c', 'two', 'v1', 'b', 'z', 'AA', 'ACTIVATED', 'active', 'present', 10, 1, 0, 1, 0, '', 0, 0, 1, :doc, x''),
    (3, 's-3', 't1', 'c', 'three', 'v1', 'c', 'z', 'AA', 'TERMINATED', 'released', 'absent', 10, 0, 9, 5, 0, '', 0, 0, 1, :doc, x'');
INSERT INTO arc VALUES (1, 'link:a>', 5), (2, 'link:b>', 4);
INSERT INTO reservation VALUES
    (1, 1, 1, 'gold', 10, 1000000, 2000000), (1, 2, 1, 'gold', 300, 1000000, 2000000),
    (1, 1, 3, 'gold', 10, 2000000, 3000000), (1, 2, 3, 'gold', 300, 2000000, 3000000),
    (2, 2, 1, 'best', 7, 1500000, 2500000);
INSERT INTO arc_change VALUES
    (1, 4, 3, 'gold', 1, 1000000, 2000000, 8), (1, 5, 3, 'gold', -1, 1000000, 2000000, 9), (2, 4, 2, 'best', 7, 1500000, 2500000, 9);
INSERT INTO pool VALUES (1, 'vpn'), (2, 'vlan:pe1:eth1');
INSERT INTO pool_gap VALUES (1, 4, 0), (1, 9223372036854775807, 6), (2, 299, 0), (2, 9223372036854775807, 302);
INSERT INTO pool_value VALUES (1, 1, 5, 'v1'), (2, 2, 300, 's-1'), (3, 2, 301, 's-2');
INSERT INTO pool_owner VALUES (1, 1), (2, 1), (1, 2), (2, 3);
INSERT INTO idempotency VALUES ('t1', 'c', 'k', 'f', 's-1', 9000000000000000);
