"""A small valid cohort that tests break in one place."""

from __future__ import annotations

from pathlib import Path

SETTINGS = """\
[cohort]
index_drug = "tofacitinib"
data_cut_day = 400
synthetic = true

[primary]
tissue = "blood"
instrument = "cdasi_activity"
"""

#: P-a goes on; P-b is interrupted (days 90-120); P-c stops for good on day 100; P-d goes on with a smaller dose.
TABLES = {
    "patients": """\
patient_id,sex,age_at_dx_years,age_at_start_years,msa,calcinosis_ever,weakness_ever,joint_ever
P-a,F,5,9,NXP2,yes,no,yes
P-b,M,3,7,MDA5,no,,yes
007,F,8,12,,yes,yes,no
NA,M,10,15,TIF1g,no,no,no
""",
    "visits": """\
patient_id,visit_id,day,visit_type
P-a,V0,-3,baseline
P-a,V1,180,planned
P-b,V0,-1,baseline
P-b,V1,185,planned
007,V0,0,baseline
007,V1,60,planned
NA,V0,-10,baseline
NA,V1,175.5,planned
""",
    "samples": """\
sample_id,patient_id,day,tissue,platform,batch,rin,is_control,donor_id,age_years,pre_dose,hours_since_last_dose
B1,P-a,-2,blood,RNA-seq,A,8.1,no,,,,
B2,P-a,180,blood,RNA-seq,A,8.4,no,,,,3
K1,P-a,-3,skin,RNA-seq,A,7.0,no,,,,
K2,P-a,182,skin,RNA-seq,A,7.2,no,,,,4
B3,P-b,-1,blood,RNA-seq,A,8.0,no,,,,
B4,P-b,100,blood,RNA-seq,A,8.0,no,,,,240
B5,P-b,186,blood,RNA-seq,A,7.9,no,,,,2.5
B6,007,0,blood,RNA-seq,A,8.2,no,,,yes,
B7,007,60,blood,RNA-seq,A,8.3,no,,,,5
B8,NA,-9,blood,RNA-seq,A,8.5,no,,,,
B9,NA,176,blood,RNA-seq,A,8.1,no,,,,2
H1,,,blood,RNA-seq,A,8.8,yes,d1,6,,
H2,NA,,blood,RNA-seq,A,8.9,yes,d2,17,,
H3,,,skin,RNA-seq,A,7.7,yes,d1,6,,
""",
    "exposures": """\
patient_id,drug,start_day,stop_day,dose,unit,frequency,dose_mg_kg,reason_stop,kind
P-a,tofacitinib,0,,10,mg/day,5 mg twice a day,0.4,,start
P-b,Tofacitinib,0,90,10,mg/day,5 mg twice a day,0.5,AE,start
P-b,tofacitinib,120,,10,mg/day,5 mg twice a day,0.5,,restart
007,tofacitinib,0,100,10,mg/day,5 mg twice a day,0.3,AE,discontinuation
NA,tofacitinib,0,200,10,mg/day,5 mg twice a day,0.2,planned,dose_change
NA,tofacitinib,200,,5,mg/day,5 mg once a day,0.1,,dose_change
""",
    "concomitant": """\
patient_id,drug,start_day,stop_day,dose,unit,dose_mg_kg,prior_only
P-a,prednisone,-300,30,,mg/kg/day,0.5,no
P-a,prednisone,30,,,mg/kg/day,0.2,no
P-b,cyclophosphamide,,,,,,yes
007,IVIG,5,6,1,g/kg,,no
""",
    "outcomes": """\
patient_id,visit_id,instrument,subscale,value,unit,rater_id,version,imputed
P-a,V0,cdasi_activity,,20,,r1,2,no
P-a,V1,cdasi_activity,,11,,r1,2,no
P-b,V0,CDASI activity,,25,,r1,v2,no
P-b,V1,cdasi_activity,,24,,r1,2,no
P-a,V0,skin_vas,,63,mm,r1,,no
P-a,V1,skin_vas,,21,mm,r1,,no
P-a,V0,ck,,1.5,xULN,,,no
P-b,V0,ck,,2,ULN,,,no
NA,V0,cmas,,40,,r2,,no
NA,V1,cmas,,,,r2,,no
""",
    "adverse_events": """\
patient_id,ae_id,onset_day,end_day,term,serious,related,action
P-b,1,88,118,neutropenia,no,yes,interrupted
007,1,99,,allergic reaction,yes,yes,discontinued
""",
}


def write(folder: Path, **changes: str | None) -> Path:
    """Write the cohort into a new folder; a table given by name replaces its text, None leaves it out.

    ``settings`` is the text of cohort.toml.
    """
    folder.mkdir(parents=True)
    for name, text in {**TABLES, **changes}.items():
        if name != "settings" and text is not None:
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    settings = changes.get("settings", SETTINGS)
    if settings is not None:
        (folder / "cohort.toml").write_text(settings, encoding="utf-8")
    return folder


def change(table: str, old: str, new: str) -> dict[str, str]:
    """Return the text of a table (or of ``settings``) with one place changed; the place must be there once."""
    text = SETTINGS if table == "settings" else TABLES[table]
    assert text.count(old) == 1, (table, old, text.count(old))
    return {table: text.replace(old, new)}
