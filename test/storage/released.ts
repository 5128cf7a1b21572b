/** What somebody's database may already hold. A new migration gets its line when it is released; no line ever changes. */
export const RELEASED = {
  "0001-foundation.ts": "f50089df1f9a7614aaa7c1deea06a9f4255a791d2621180b9d59810ef71b8881",
  "0002-call-queues.ts": "219e9de4683268b978d862451c6cc59b98e5c0056cc4a0f3c7c616c7c1a919e4",
  "0003-priority.ts": "d7893634ffdb7ec283e81c460dcd418d48425f2922cc884de4e7e6470c25f2c0",
  "0004-campaigns.ts": "64ede23ac8451bdab01af91189a7aff990dd2bf39084ced4d1c2dee3e1432d06",
  "0005-what-to-say.ts": "aa8f4e5c4b9039860b5f149bba16b8d606306b9b3b711c6570c8e1ea29b7aa6e",
  "0006-order-items.ts": "c0a3d120d7c01c0b23c0cbfbe1202f9c1ef7bebd8a7949be50f0ee0d22903860",
  "0007-standings.ts": "03ac2b6d460ebc4b1a64cbcd255ff52c7a4f93d1d39a597083b166db526fbe67",
  "0008-catalogue-changes.ts": "d531d3867e3e69576a816e0305742f4b030c661ec15deb572d780fdd2375937c",
  "0009-letters-and-asking.ts": "40842640152937279fb0dc0a465d4ba956664486a97e23abf1b65f08039192b5",
  "0010-leases.ts": "83447ace47ba456724d4629641a0a356a1aeccc786021f31de1f523252be2233",
  "0012-lease-epochs.ts": "a26a15a68cea32b4a03c3727e774523781a23761a1118d60fcf3c4d970042bd9",
  "0013-screens.ts": "4f75aeeb1dea577055baecb9d0ebbb614f29381e44cc6d71460915997ec7033d",
  "0014-placed-by-hand.ts": "0e68c556ad171ed0360d3cc08ee5487b20dbf2a1015cf50dd41dcc1620aca06e",
  "0015-kept-totals.ts": "c801346cc8f6b80da01c976bda894dd0dc2b0dfd48391c809789e4e2dac940db",
};
