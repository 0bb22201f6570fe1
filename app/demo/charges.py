"""What units, agencies and persons of the demonstration city are accused of. All of it is invented.

The facts read as in real files; amounts lie in the range of the rule named (domain.md 6).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from app.demo.docket import Charge

REG: Final = "《碳排放权交易管理暂行条例》"
PLAN: Final = Charge(
    conduct="control_plan",
    cause="涉嫌未执行数据质量控制方案案",
    suspicion="数据筛查发现，{name}存证系统中三个月的入炉煤缩分样留存记录缺失，与数据质量控制方案载明的“每日采样、月度缩分留存”不符（示例）。",
    found="{name}未按数据质量控制方案执行入炉煤采样：先后 31 天未采样，月度缩分样以库存陈样替代；皮带秤检定证书过期 47 天后方送检（示例）。",
    evidence="现场检查（勘察）笔录 | 采样间无对应日期样品\n采样记录与门禁记录比对表 | 31 天无人进入采样间\n皮带秤检定证书 | 过期 47 天\n化验室主任询问笔录 | 承认以陈样替代",
    law_broken=f"{REG}关于制定并执行温室气体排放数据质量控制方案的规定。",
    rule="E1",
    fine="120000",
    discretion="系首次被查处，案发后主动补采并如实陈述，未造成清缴后果；未采样天数较少，按较低幅度裁量（示例）。",
    correction="恢复逐日采样和月度缩分留存，30 日内补充检定皮带秤并提交检定证书。",
)
LEDGERS: Final = Charge(
    conduct="records",
    cause="涉嫌未按规定保存原始记录和台账案",
    suspicion="日常监督检查发现，{name}不能提供上一年度 9 月至 11 月的入厂煤过磅单和盘存记录，平台存证为事后补录（示例）。",
    found="{name}上一年度 9 月至 11 月入厂煤过磅单、盘存表原件未保存，电子台账系次年 2 月集中补录，补录人与签名人不一致（示例）。",
    evidence="现场检查（勘察）笔录 | 档案室缺三个月原件\n台账系统操作日志 | 次年 2 月集中补录\n统计员询问笔录 | 承认原件遗失后补录",
    law_broken=f"{REG}关于保存原始记录和管理台账的规定。",
    rule="E4",
    fine="90000",
    discretion="缺失记录可由购销发票部分印证，未影响核定排放量；违法行为轻于一般情形，处罚款九万元（示例）。",
    correction="建立原始记录归档制度，15 日内向本局提交可印证的购销发票和盘存说明。",
)
FORGED: Final = Charge(
    conduct="report_false",
    cause="涉嫌年度排放报告弄虚作假案",
    suspicion="核查中发现，{name}报送的元素碳含量检测报告加盖的印章与检测机构备案印模不一致，报告编号在机构底单中不存在（示例）。",
    found="{name}年度排放报告所附 4 份元素碳含量检测报告系伪造：编号不在检测机构底单之列，印章与备案印模不符；据此少报排放量 1.86 万吨二氧化碳当量（示例）。",
    evidence="4 份检测报告与检测机构底单比对表 | 编号不存在\n印章鉴定意见 | 印文不一致\n碳排放专工询问笔录 | 承认自行制作\n平台存证下载记录 | 上传人和时间",
    law_broken=f"{REG}关于年度排放报告不得弄虚作假的规定。",
    rule="E6",
    fine="680000",
    discretion="篡改数据致少报 1.86 万吨，案发后配合调查并补缴差额，未获取违法所得；综合危害后果和主观过错，处罚款六十八万元（示例）。",
    correction="更正年度排放报告，按真实检测结果重新核算并接受重新核查。",
    crime="伪造公司印章罪",
    crime_article="第二百八十条",
)
SAMPLES: Final = Charge(
    conduct="samples",
    cause="涉嫌未按规定制作和送检样品案",
    suspicion="联合检查线索：{name}送检煤样的低位发热量连续三个月高于入厂煤 1.2 GJ/t 以上，疑似以优质煤掺制送检样（示例）。",
    found="{name}将外购洗精煤掺入月度缩分样后送检，致元素碳含量检测结果偏低 8.3%；留样复检与原报告不一致（示例）。",
    evidence="留样复检报告 | 元素碳含量高于原报告\n制样间监控录像 | 掺入外来煤\n洗精煤采购单 | 与掺入时间吻合\n制样工询问笔录 | 按班长要求掺制",
    law_broken=f"{REG}关于按规定制作和送检样品的规定。",
    rule="E7",
    fine="560000",
    discretion="故意掺制样品，持续三个月；案发后停止并如实交代，无违法所得，处罚款五十六万元（示例）。",
    correction="停止掺制，按规定重新制样送检，并以留样复检结果更正排放报告。",
)
ACCOUNTING: Final = Charge(
    conduct="accounting",
    cause="涉嫌未按规定统计核算排放量案",
    suspicion="数据筛查发现，{name}购入电量较供电企业结算量少 2,140 MWh，核算边界疑似遗漏新投运生产线（示例）。",
    found="{name}将本年度投运的二号生产线排除在核算边界之外，漏计购入电力 2,140 MWh 和燃料 3,870 吨，少报排放量 9,420 吨（示例）。",
    evidence="购电结算单 | 漏计电量\n二号线投运批复 | 投运日期\n燃料领用台账 | 漏计燃料\n生产部长询问笔录 | 知悉边界变化未上报",
    law_broken=f"{REG}关于按规定统计核算排放量的规定。",
    rule="E5",
    fine="520000",
    discretion="漏计系边界变更后未修订方案所致，主观恶性较小，主动补报，按法定最低幅度附近裁量（示例）。",
    correction="修订数据质量控制方案，将二号生产线纳入边界并更正排放报告。",
)
TESTED: Final = Charge(
    conduct="test_report",
    cause="涉嫌出具虚假检测报告案",
    suspicion="比对发现，{name}为三家单位出具的元素碳含量检测报告附有同一张谱图，检测时间仪器处于停用状态（示例）。",
    found="{name}未实际开展检测，套用历史谱图出具 7 份元素碳含量检测报告；仪器日志显示对应时段停机，收取检测费 36,000 元（示例）。",
    evidence="7 份检测报告及所附谱图 | 谱图完全相同\n仪器运行日志 | 对应时段停机\n收费发票 | 收取 36,000 元\n授权签字人询问笔录 | 承认未检测即签发",
    law_broken=f"{REG}第二十三条第一款。",
    rule="A1",
    fine="216000",
    gain="36000",
    confiscation="36000",
    discretion="涉及三家单位七份报告，处违法所得六倍罚款并没收违法所得；未发现牟取其他利益（示例）。",
    correction="收回七份检测报告，通知委托单位，并整顿原始记录管理。",
    crime="提供虚假证明文件罪",
    crime_article="第二百二十九条第一款",
)
REVIEWED: Final = Charge(
    conduct="review_false",
    cause="涉嫌出具虚假技术审核意见案",
    suspicion="复查发现，{name}核查报告所附现场照片与另一企业上年度照片相同，核查组成员当日行程显示未到现场（示例）。",
    found="{name}对两家单位未开展现场核查，以往年照片和伪造的签到表出具核查报告，收取服务费 85,000 元（示例）。",
    evidence="核查报告及照片原始信息 | 拍摄于上一年度\n核查组成员行程记录 | 当日不在现场\n服务合同和发票 | 收费 85,000 元\n核查组长询问笔录 | 承认未到现场",
    law_broken=f"{REG}第二十三条第二款。",
    rule="A2",
    fine="260000",
    gain="85000",
    confiscation="85000",
    discretion="两家单位核查失实，主动退还服务费并配合重新核查，处罚款二十六万元并没收违法所得（示例）。",
    correction="撤回两份核查报告，配合自治区生态环境厅重新安排核查。",
    crime="提供虚假证明文件罪",
    crime_article="第二百二十九条第一款",
)
SIGNED: Final = replace(
    TESTED,
    conduct="agency_persons",
    rule="A3",
    fine="40000",
    gain="0",
    confiscation="0",
    ban="five_years",
    law_broken=f"{REG}第二十三条第三款。",
    discretion="作为授权签字人未审核原始记录即签发报告，系直接责任人员，如实供述，处罚款四万元（示例）。",
)
BOTH: Final = replace(
    REVIEWED,
    conduct="dual_role",
    cause="同时从事报告编制和技术审核",
    suspicion="备案材料显示，{name}本年度在自治区内既为两家单位编制排放报告，又承担三家单位的技术审核（示例）。",
    correction="在编制与技术审核业务中择一，终止另一类合同并书面报告。",
)
LABORATORY: Final = replace(
    TESTED,
    conduct="lab_rules",
    cause="涉嫌违反检验检测机构管理规定案",
    suspicion="检测报告印章管理混乱，授权签字人超出批准范围签发报告（示例）。",
)
