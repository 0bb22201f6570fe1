"""Units 重点排放单位, agencies 技术服务机构, ties between them, bans 禁业 and rosters 名录."""
