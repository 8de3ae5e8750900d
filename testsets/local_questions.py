"""How neighbours ask for each fact of the notices, and for what stands in none. No question is in both splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

BySplit = Mapping[str, Sequence[str]]
"""Split -> questions."""

KOREAN: Mapping[str, BySplit] = {
    "recycling.day": {
        "dev": (
            "분리수거 무슨 요일이에요?",
            "재활용품 수거하는 요일 알려주세요",
            "분리수거 언제 하나요",
            "종이랑 플라스틱 모아놨는데 재활용품은 언제 가져가나요?",
        ),
        "test": (
            "재활용 쓰레기 며칠에 한 번 수거해요? 요일이 정해져 있죠?",
            "내일이 재활용품 내놓는 날 맞나요? 수거 요일을 까먹었어요",
        ),
    },
    "recycling.hour": {
        "dev": (
            "재활용품 배출 시간이 어떻게 되나요?",
            "분리수거 몇 시에 내놔야 돼요?",
            "퇴근이 늦는데 재활용품은 몇 시까지 내놓으면 되나요",
        ),
        "test": (
            "전날 밤에 재활용품 내놔도 되는 시간이 언제부터예요?",
            "분리수거 배출은 몇 시부터 할 수 있는지요",
        ),
    },
    "recycling.vinyl": {
        "dev": (
            "투명 페트병은 무슨 요일에 버려요?",
            "페트병 따로 내놓는 요일이 언제인가요",
            "생수병 라벨 다 뗐는데 투명 페트병 버리는 날이 따로 있죠?",
        ),
        "test": (
            "투명 페트병만 받는 요일이 있다던데 언제죠?",
            "물 마시고 남은 페트병 모아뒀어요. 투명한 건 언제 내놓으면 될까요",
        ),
    },
    "food_waste.bag": {
        "dev": (
            "음식물 봉투 2리터 얼마예요?",
            "음식물 쓰레기 봉투 값이 궁금해요",
            "2리터짜리 음식물 봉투 사려는데 한 장에 얼마 하나요",
        ),
        "test": (
            "음식물 쓰레기 전용 봉투 제일 작은 거 2리터, 한 장 가격이요",
            "마트 가는 길인데 음식물 봉투 2리터는 얼마 받아요?",
        ),
    },
    "food_waste.off": {
        "dev": (
            "음식물 쓰레기 안 거두는 요일 있나요?",
            "음식물 수거 안 하는 날이 언제예요",
            "어젯밤에 내놓은 음식물 쓰레기가 그대로예요. 안 거두는 요일이 있나요",
        ),
        "test": (
            "음식물 쓰레기 매일 가져가는 거 아니었어요? 쉬는 요일이 언제죠",
            "무슨 요일에 음식물 쓰레기를 내놓으면 안 되나요",
        ),
    },
    "bulky.fee": {
        "dev": (
            "의자 버릴 때 대형폐기물 수수료 얼마예요?",
            "의자 하나 버리려는데 수수료가 궁금해요",
            "식탁 의자 다리가 부러졌어요. 대형폐기물로 한 개 버리면 얼마죠",
        ),
        "test": (
            "사무용 의자 한 개 내다 버리려면 대형폐기물 스티커 값 얼마 내야 하나요",
            "대형폐기물 신고하려고요. 의자 한 개 수수료 아시는 분",
        ),
    },
    "bulky.pickup": {
        "dev": (
            "대형폐기물 신고하면 며칠 안에 가져가요?",
            "대형폐기물 신고 후 수거까지 얼마나 걸려요",
            "소파를 대형폐기물로 신고했는데 언제쯤 가져가나요",
        ),
        "test": (
            "장롱 신고한 지 이틀 됐어요. 대형폐기물은 신고하고 며칠이면 가져가나요?",
            "이사 전에 대형폐기물 치워야 하는데 신고한 뒤 얼마 만에 와요?",
        ),
    },
    "library.closed": {
        "dev": (
            "도서관 휴관일이 언제예요?",
            "도서관 쉬는 날 알려주세요 휴관일이요",
            "도서관 휴관일 아시는 분",
            "오늘 도서관 갔다가 문이 닫혀 있어서요, 휴관일이 언제인가요?",
        ),
        "test": (
            "도서관 언제 문 닫아요? 쉬는 요일 말이에요",
            "아이랑 도서관 가려는데 휴관하는 날이 며칠이죠?",
        ),
    },
    "library.hours": {
        "dev": (
            "도서관 자료실 몇 시까지 열어요?",
            "도서관 자료실 여는 시간 궁금해요",
            "퇴근하고 도서관 자료실 들를 수 있을까요? 몇 시에 닫나요",
        ),
        "test": (
            "도서관 자료실 운영 시간 좀 알려주실 분",
            "아침 일찍 도서관 자료실 들어갈 수 있나요? 몇 시에 여는지",
        ),
    },
    "library.loans": {
        "dev": (
            "도서관 책 몇 권까지 빌릴 수 있어요?",
            "도서관에서 책 최대 몇 권 빌릴 수 있나요",
            "도서관에서 한 사람이 한꺼번에 책 몇 권 빌리나요",
        ),
        "test": (
            "방학이라 그림책 잔뜩 빌리려고요. 도서관 대출 권수 제한이 있죠?",
            "회원증 하나로 도서관 책 몇 권까지 대출돼요?",
        ),
    },
    "parking.fee": {
        "dev": (
            "공영주차장 주차 요금 얼마예요?",
            "공영주차장 한 시간에 얼마인가요",
            "주차 요금 궁금합니다 공영주차장",
            "주민센터 뒤 공영주차장은 시간당 얼마 받나요?",
        ),
        "test": (
            "공영주차장에 한 시간쯤 세워두면 돈이 얼마 나와요?",
            "손님이 차 가지고 오는데 공영주차장 시간당 요금이 어느 정도죠",
        ),
    },
    "parking.free": {
        "dev": (
            "공영주차장 처음 몇 분까지 무료예요?",
            "공영주차장 무료 주차 시간 있나요",
            "등본만 떼고 나올 건데 공영주차장 처음 몇 분은 무료죠?",
        ),
        "test": (
            "공영주차장 잠깐 대는 건 돈 안 받죠? 무료가 몇 분이에요",
            "공영주차장 들어가자마자 요금 붙나요, 처음 얼마 동안은 무료인가요",
        ),
    },
    "parking.spaces": {
        "dev": (
            "공영주차장에 차 모두 몇 대 댈 수 있어요?",
            "공영주차장 모두 몇 대 대나요",
            "공영주차장이 늘 꽉 차 있던데 모두 몇 대 자리인가요",
        ),
        "test": (
            "공영주차장 규모가 얼마나 돼요? 몇 대까지 들어가는지요",
            "행사 때 손님 차가 많은데 공영주차장에 모두 몇 대나 댈 수 있을까요",
        ),
    },
    "office.late": {
        "dev": (
            "주민센터 야간 민원 무슨 요일에 해요?",
            "야간 민원실 여는 요일 알려주세요",
            "회사 끝나고 등본 떼야 해요. 주민센터 야간 민원실은 언제 여나요",
        ),
        "test": (
            "주민센터 저녁 8시까지 하는 날이 있다던데 무슨 요일이죠?",
            "낮에는 못 가요. 주민센터에서 야간에 민원 봐주는 날이 언제예요",
        ),
    },
    "office.seal": {
        "dev": (
            "인감 증명서 수수료 얼마예요?",
            "주민센터 인감 증명서 떼는데 얼마인가요 수수료",
            "집 계약 때문에 인감 증명서 두 통 떼요, 한 통에 수수료가 얼마죠",
        ),
        "test": (
            "인감 떼러 가는데 현금 얼마 챙겨가면 돼요? 증명서 한 통이요",
            "인감 증명서 발급 비용 아시나요?",
        ),
    },
    "machine.place": {
        "dev": (
            "무인민원발급기 어디에 있어요?",
            "무인민원발급기 위치가 궁금합니다",
            "주말에 등본이 필요해요. 무인민원발급기는 어느 건물에 있죠",
        ),
        "test": (
            "등본 뽑는 무인민원발급기 제일 가까운 데가 어딘가요",
            "무인민원발급기 찾다가 길을 헤맸어요. 정확히 어디쯤이에요?",
        ),
    },
    "machine.hours": {
        "dev": (
            "무인민원발급기 몇 시까지 쓸 수 있어요?",
            "무인민원발급기 쓸 수 있는 시간이 어떻게 되나요",
            "밤늦게도 무인민원발급기 쓸 수 있을까요? 시간 제한이 있는지",
        ),
        "test": (
            "새벽 출근 전에 무인민원발급기 되나요? 운영 시간이 궁금해서요",
            "무인민원발급기는 몇 시부터 몇 시까지 켜져 있나요",
        ),
    },
    "pool.fee": {
        "dev": (
            "체육센터 자유수영 얼마예요?",
            "수영장 자유수영 어른 요금 궁금해요",
            "어른 한 명 자유수영 하루만 하려는데 체육센터에 얼마 내나요",
        ),
        "test": (
            "자유수영 1회권 어른은 얼마 받아요?",
            "체육센터 수영장에 한 번만 가보려고요, 성인 자유수영 비용 좀",
        ),
    },
    "pool.closed": {
        "dev": (
            "수영장 쉬는 날이 언제예요?",
            "체육센터 수영장 언제 쉽니까",
            "아이들 데리고 체육센터 수영장 갈 건데 쉬는 날이 있나요",
        ),
        "test": (
            "체육센터 수영장 정기 휴무가 언제인지 아세요?",
            "이번에 수영장 문 닫는 날 피해서 가려고요. 무슨 요일에 쉬죠",
        ),
    },
    "clinic.day": {
        "dev": (
            "보건소 독감 예방접종 무슨 요일에 해요?",
            "독감 예방접종하는 요일 알려주세요",
            "부모님 독감 예방접종 맞으셔야 하는데 보건소는 무슨 요일에 하나요",
        ),
        "test": (
            "보건소 가면 아무 날이나 독감 예방접종 해주나요? 정해진 요일이 있어요?",
            "연차 내고 독감 예방접종 받으려는데 무슨 요일에 가야 하죠",
        ),
    },
    "clinic.fee": {
        "dev": (
            "독감 접종비 얼마예요?",
            "보건소 접종비가 궁금해요",
            "오십 대인데 독감 예방접종 접종비 내야 하죠? 얼마인가요",
        ),
        "test": (
            "65세 안 된 사람은 독감 접종비 얼마 내요?",
            "보건소 독감 예방접종 유료라던데 비용이 얼마나 되나요",
        ),
    },
    "market.days": {
        "dev": (
            "전통시장 장날이 언제예요?",
            "오일장 장날 끝자리가 며칠이에요",
            "시장 구경 가려는데 장날 날짜가 어떻게 돌아가나요",
        ),
        "test": (
            "오일장 며칠 며칠에 서는지 아시는 분?",
            "전통시장 장날 맞춰 가고 싶은데 끝자리 며칠에 열리죠",
        ),
    },
    "market.parking": {
        "dev": (
            "장 보면 시장 주차장 얼마 동안 무료예요?",
            "시장 주차장 손님 무료 시간이 있나요",
            "장을 보고 나오면 시장 주차장은 몇 분이나 무료로 쓰나요",
        ),
        "test": (
            "시장에서 만 원어치 샀는데 주차장 무료 시간이 얼마나 되죠?",
            "전통시장 손님이면 주차장 공짜로 몇 시간 쓸 수 있어요?",
        ),
    },
    "splash.season": {
        "dev": (
            "물놀이장 운영 기간이 언제예요?",
            "공원 물놀이장 언제부터 언제까지 운영해요 기간이요",
            "여름방학에 물놀이장 가려고요. 운영 기간이 며칠부터 며칠까지죠",
        ),
        "test": (
            "공원 물놀이장 올해 개장하는 날이랑 끝나는 날이 언제인가요?",
            "8월 말에도 물놀이장 하나요? 언제까지 운영하는지",
        ),
    },
    "splash.age": {
        "dev": (
            "물놀이장 몇 세 어린이까지 들어가요?",
            "물놀이장 들어갈 수 있는 어린이 나이가 궁금해요",
            "조카가 초등 고학년인데 물놀이장 들어갈 수 있는 나이가 몇 세까지죠",
        ),
        "test": (
            "물놀이장에 나이 제한 있어요? 우리 애가 두 살이라서요",
            "첫째는 중학생인데 물놀이장 같이 들어갈 수 있는 나이인가요",
        ),
    },
    "bus.first": {
        "dev": (
            "마을버스 첫차 몇 시예요?",
            "마을버스 첫차 시간 알려주세요",
            "새벽 기차 타야 해요. 마을버스 첫차는 몇 시에 떠나나요",
        ),
        "test": (
            "아침에 마을버스 제일 일찍 다니는 게 몇 시 차예요?",
            "여섯 시 전에 마을버스 다니나요? 첫차가 언제인지",
        ),
    },
    "bus.last": {
        "dev": (
            "마을버스 막차 몇 시예요?",
            "마을버스 막차 시간이 궁금해요",
            "야근하고 역에 내리면 마을버스가 있을지, 막차가 몇 시에 떠나죠",
        ),
        "test": (
            "밤에 마을버스 언제까지 다녀요? 막차 놓칠까 봐요",
            "역에서 회식하는데 마을버스 마지막 차 시간 아시는 분",
        ),
    },
    "bus.gap": {
        "dev": (
            "마을버스 배차 간격이 몇 분이에요?",
            "마을버스 배차 간격 어떻게 되나요",
            "정류장에서 한참 기다렸어요. 마을버스 배차 간격이 원래 몇 분인가요",
        ),
        "test": (
            "마을버스 하나 놓치면 다음 차까지 몇 분 기다려야 해요?",
            "마을버스가 몇 분마다 한 대씩 오는 거예요? 배차가 궁금",
        ),
    },
    "dogs.height": {
        "dev": (
            "반려견 놀이터 소형견 구역 높이 제한이 얼마예요?",
            "소형견 구역 어깨 높이 몇 cm까지예요",
            "우리 강아지가 소형견 구역에 들어갈 수 있는 높이인지 궁금해요",
        ),
        "test": (
            "웰시코기도 소형견 구역 되나요? 어깨까지 몇 cm 이하여야 하죠",
            "반려견 놀이터에서 소형견이랑 대형견 나누는 높이 기준이 뭐예요",
        ),
    },
    "dogs.hours": {
        "dev": (
            "반려견 놀이터 몇 시까지 열어요?",
            "반려견 놀이터 여는 시간 알려주세요",
            "저녁 산책 때 반려견 놀이터 들르려는데 몇 시에 닫나요",
        ),
        "test": (
            "아침 산책길에 반려견 놀이터 열려 있을까요? 개방 시간이요",
            "천변 반려견 놀이터 이용 시간 아시는 견주님?",
        ),
    },
    "toys.fee": {
        "dev": (
            "장난감도서관 연회비 얼마예요?",
            "장난감 빌리려는데 연회비가 있나요",
            "장난감도서관 가입하면 일 년에 연회비 얼마 내나요",
        ),
        "test": (
            "장난감도서관 회원 되려면 연회비로 얼마 내야 하나요?",
            "돌쟁이 키워요. 장난감도서관 연회비가 비싼 편인가요, 얼마죠",
        ),
    },
    "toys.days": {
        "dev": (
            "장난감도서관 장난감 며칠 동안 빌릴 수 있어요?",
            "장난감 빌릴 수 있는 기간 며칠 동안이에요",
            "주방놀이 장난감 빌렸는데 며칠 동안 쓰고 돌려주면 되나요",
        ),
        "test": (
            "장난감도서관에서 빌린 건 언제까지 반납해요? 대여 기간이 며칠이죠",
            "미끄럼틀 장난감 빌리면 집에 얼마 동안 둘 수 있나요",
        ),
    },
}
ENGLISH: Mapping[str, BySplit] = {
    "recycling.day": {
        "dev": ("Which days is recycling collected?",),
        "test": ("On what days do they pick up 재활용품?",),
    },
    "recycling.hour": {
        "dev": ("What time can I put out recycling?",),
        "test": ("When may I take my 재활용품 outside (배출 시간)?",),
    },
    "recycling.vinyl": {
        "dev": ("On which day do clear PET bottles go out?",),
        "test": ("Is there a separate day for 투명 페트병?",),
    },
    "food_waste.bag": {
        "dev": ("How much is a 2-liter food waste bag (음식물 봉투)?",),
        "test": ("What does one small 음식물 봉투, the 2리터 one, cost?",),
    },
    "food_waste.off": {
        "dev": ("Which day is food waste (음식물 쓰레기) not collected?",),
        "test": ("My 음식물 쓰레기 is still there. What day do they skip?",),
    },
    "bulky.fee": {
        "dev": ("How much is the bulky waste (대형폐기물) fee for a chair?",),
        "test": ("I want to throw away one 의자. What is the 대형폐기물 수수료?",),
    },
    "bulky.pickup": {
        "dev": ("How soon is bulky waste (대형폐기물) picked up after 신고?",),
        "test": ("I reported my old sofa as 대형폐기물. Within how many days do they come?",),
    },
    "library.closed": {
        "dev": ("When is the library (도서관) closed?",),
        "test": ("What is the 휴관일 of our 도서관?",),
    },
    "library.hours": {
        "dev": ("What are the reading room (자료실) hours?",),
        "test": ("Until what time is the 도서관 자료실 open?",),
    },
    "library.loans": {
        "dev": ("How many books (책) can one person borrow from the 도서관?",),
        "test": ("Is there a limit on 책 per card at the 도서관?",),
    },
    "parking.fee": {
        "dev": ("What is the hourly fee at the public parking lot (공영주차장)?",),
        "test": ("I will leave my car at the 공영주차장 for one hour. What do I pay?",),
    },
    "parking.free": {
        "dev": ("How long is 공영주차장 parking free (무료)?",),
        "test": ("Are the first minutes at the 공영주차장 무료? How many?",),
    },
    "parking.spaces": {
        "dev": ("How many cars (모두 몇 대) fit in the 공영주차장?",),
        "test": ("How big is the 공영주차장, how many spaces does it have?",),
    },
    "office.late": {
        "dev": ("Which day does the 주민센터 have evening service (야간 민원)?",),
        "test": ("I work all day. When is the 야간 민원실 open at night?",),
    },
    "office.seal": {
        "dev": ("How much is the fee for a 인감 증명서?",),
        "test": ("My landlord wants a 인감 증명서. What is the 수수료 per copy?",),
    },
    "machine.place": {
        "dev": ("Where is the 무인민원발급기?",),
        "test": ("I need 등본 today. In which building is the 무인민원발급기?",),
    },
    "machine.hours": {
        "dev": ("When can I use the 무인민원발급기?",),
        "test": ("Is the 무인민원발급기 available late at night?",),
    },
    "pool.fee": {
        "dev": ("How much is 자유수영 for an adult?",),
        "test": ("What does one 자유수영 session at the 체육센터 cost for grown-ups?",),
    },
    "pool.closed": {
        "dev": ("When is the 수영장 closed (쉽니다)?",),
        "test": ("On which days does the 체육센터 수영장 take a rest?",),
    },
    "clinic.day": {
        "dev": ("Which days are flu shots (독감 예방접종) given?",),
        "test": ("What days can I get 독감 예방접종 at the 보건소?",),
    },
    "clinic.fee": {
        "dev": ("How much is the 접종비?",),
        "test": ("I am 40. What is the 독감 접종비 for me?",),
    },
    "market.days": {
        "dev": ("Which dates are market days (장날)?",),
        "test": ("When does the 오일장 take place, which 끝자리?",),
    },
    "market.parking": {
        "dev": ("How long is the 시장 주차장 free (무료) for 손님?",),
        "test": ("If I shop there, for how long is the 시장 주차장 무료?",),
    },
    "splash.season": {
        "dev": ("When is the splash park (물놀이장) season (운영 기간)?",),
        "test": ("Until which date does the 물놀이장 run this year (기간)?",),
    },
    "splash.age": {
        "dev": ("What age of children (어린이) may enter the 물놀이장?",),
        "test": ("My son is 11. Is he too old for the 물놀이장?",),
    },
    "bus.first": {
        "dev": ("When does the first 마을버스 (첫차) leave?",),
        "test": ("What time is the earliest 마을버스, the 첫차?",),
    },
    "bus.last": {
        "dev": ("When does the last 마을버스 (막차) leave?",),
        "test": ("I come home late. Until when is there a 마을버스 (막차)?",),
    },
    "bus.gap": {
        "dev": ("What is the 배차 간격 of the 마을버스?",),
        "test": ("How often does the 마을버스 come?",),
    },
    "dogs.height": {
        "dev": ("What shoulder height (어깨 높이) is allowed in the 소형견 구역?",),
        "test": ("How tall may a dog be for the 소형견 구역 of the 반려견 놀이터?",),
    },
    "dogs.hours": {
        "dev": ("What are the hours of the 반려견 놀이터?",),
        "test": ("Can I go to the 반려견 놀이터 at 8 in the morning?",),
    },
    "toys.fee": {
        "dev": ("How much is the 장난감도서관 연회비 per year?",),
        "test": ("What do I pay a year to be a member of the 장난감도서관?",),
    },
    "toys.days": {
        "dev": ("How many days (동안) can I borrow a toy (장난감)?",),
        "test": ("When do I have to bring back a 장난감 from the 장난감도서관?",),
    },
}
NOWHERE: BySplit = {
    "dev": (
        "스키장 리프트권 얼마예요?",
        "볼링장 신발 대여비 궁금해요",
        "여권 사진 잘 찍는 사진관 어디예요?",
        "천문대 별 보기 행사 언제 하나요",
        "전기차 급속 충전기 단가 알려주세요",
        "강아지 미용 잘하는 곳 추천해 주세요",
        "아파트 매매 시세 어때요?",
        "24시간 하는 동물병원 있나요",
        "이삿짐센터 견적 어느 정도 나와요?",
        "떡볶이 맛집 어디예요?",
        "피아노 학원 원비 궁금합니다",
        "근처 세차장 새벽에도 하나요",
        "에어컨 청소 부르면 한 대에 얼마 드나요",
        "중고 거래할 때 택배는 어디로 보내는 게 싸요?",
        "영화관 조조 할인 아직 하나요",
        "결혼식장 뷔페 괜찮은 곳 있을까요",
        "운전면허 학원 도로 연수 비용이 궁금합니다",
        "휴대폰 액정 수리 잘하는 데 아시는 분",
        "꽃 배달 당일에 되는 가게 찾아요",
        "요즘 상추 가격이 왜 이렇게 올랐어요?",
        "층간소음 때문에 미치겠어요 어디에 말해야 하나요",
        "전세 대출 이자 은행마다 얼마나 달라요",
        "축구 동호회 신입 받는 곳 있나요",
        "벌집 떼어 주는 분 어디로 연락하죠?",
    ),
    "test": (
        "스케이트 빌려주는 빙상장이 근처에 있나요",
        "노래방 시간당 얼마 정도 해요?",
        "여행사 패키지 후기 궁금합니다",
        "도배 새로 하려는데 방 하나 견적 어떻게 나와요",
        "새벽에 배 아픈데 응급실 어디로 가나요",
        "코딩 과외 선생님 소개해 주실 분",
        "정수기 필터 갈아 주는 기사님 아세요?",
        "캠핑장 예약 꽉 찼던데 취소표 언제 나와요",
        "치킨집 새로 연 곳 맛있나요",
        "세탁기 탈수가 안 돼요 수리 기사 불러야 할까요",
        "고속도로 통행료 얼마 나오는지 아시는 분",
        "한복 대여점 어디가 괜찮아요?",
        "미세먼지 심한데 마스크 어떤 거 쓰세요?",
        "골프 연습장 한 달 끊으면 얼마예요",
        "블루베리 농장 체험 언제부터 하나요",
        "인터넷 속도가 느린데 통신사 바꿀까요",
        "바둑 배울 만한 기원 있습니까",
        "타이어 펑크 났는데 지금 여는 정비소 있을까요",
        "고양이 중성화 비용 얼마 들었어요?",
        "가구 조립 대신 해 주는 분 계신가요",
    ),
}
NOWHERE_ENGLISH: BySplit = {
    "dev": (
        "How much is a bowling game?",
        "Where can I rent a car overnight?",
        "Is there an English-speaking dentist?",
        "Which bank opens an account for foreigners?",
        "Does anybody sell a used bicycle?",
        "Where do you buy fresh coriander?",
        "Any good yoga teacher nearby?",
        "How do I get to the airport at 4 am?",
        "Who can fix a broken laptop screen?",
        "Is there a church service in English?",
        "Which phone plan is the cheapest?",
        "Can someone recommend a barber?",
    ),
    "test": (
        "Is there a climbing gym around?",
        "What does an hour of karaoke cost?",
        "Where can my kids learn taekwondo in English?",
        "Does any shop repair leather bags?",
        "How do I renew my visa?",
        "Who delivers pizza after midnight?",
        "Any halal restaurant you like?",
        "Where do people watch football games together?",
        "Is it safe to drink tap water?",
        "Which hospital has an emergency room?",
        "I need somebody to walk my cat, any ideas?",
        "How cold does it get in January?",
    ),
}
DETAIL: BySplit = {
    "dev": (
        "도서관 와이파이 비밀번호 뭐예요?",
        "공영주차장 관리인 이름이 뭐예요?",
        "수영장 물 온도 몇 도예요?",
        "마을버스 기사님 채용하나요?",
        "주민센터 동장님 전화번호 알려주세요",
        "반려견 놀이터 목욕 시설 있어요?",
        "전통시장 순대국 파는 집 어디예요?",
        "물놀이장 튜브 대여료 얼마예요?",
        "장난감도서관에 레고 기차 있나요?",
        "보건소 치과 스케일링 예약 어떻게 해요?",
        "도서관 열람실에 콘센트 있나요",
        "공영주차장 전기차 충전기 몇 대 있어요?",
        "마을버스 요금 얼마예요?",
        "주민센터 문화 강좌 신청 언제 하나요",
        "수영장 샤워실에 드라이기 있어요?",
        "재활용품 수거하는 업체 이름이 뭔가요",
        "음식물 쓰레기통 새로 받으려면 어디로 가야 해요",
        "무인민원발급기 카드 결제 되나요?",
        "물놀이장 그늘막 예약하는 방법 궁금해요",
        "전통시장 온누리상품권 되는 가게 어디인가요",
        "반려견 놀이터 입장료 받나요",
        "보건소 엑스레이 찍는 비용이 어떻게 되죠",
        "도서관 주차 몇 대나 되나요",
        "대형폐기물 스티커 파는 편의점 어디예요",
    ),
    "test": (
        "도서관에 영어 원서 얼마나 있어요?",
        "공영주차장 정기권 한 달에 얼마인가요",
        "체육센터 수영장 레인이 몇 개예요?",
        "마을버스 노선도 어디서 받나요",
        "주민센터 근처에 증명사진 찍는 곳 있나요",
        "반려견 놀이터 바닥이 잔디예요 모래예요?",
        "전통시장 화장실 어디쯤 있어요",
        "물놀이장 매점에서 뭐 팔아요?",
        "장난감도서관 소독은 어떻게 하나요",
        "보건소 금연 상담 누구한테 받아요?",
        "인감 도장 잃어버렸는데 새로 등록하려면 뭐 챙겨가나요",
        "무인민원발급기에서 여권도 나오나요",
        "음식물 쓰레기에 조개껍데기 넣어도 되나요?",
        "분리수거장 청소는 누가 하나요",
        "침대 매트리스 대형폐기물 수수료가 얼마죠",
        "독감 말고 대상포진 주사도 보건소에서 놔주나요",
        "마을버스에 자전거 실을 수 있어요?",
        "도서관 자원봉사 신청하고 싶은데 어떻게 해요",
        "수영 강습 초급반 빈자리 있나요",
        "시장 주차장에 큰 트럭도 들어가나요",
    ),
}
DETAIL_ENGLISH: BySplit = {
    "dev": (
        "What is the 도서관 wifi password?",
        "Does the 수영장 lend towels?",
        "Can I pay the 마을버스 by card?",
        "Does the 보건소 do blood tests?",
        "Is there a children's room in the 도서관?",
        "Who do I call when the 공영주차장 gate is stuck?",
        "Are cats allowed in the 반려견 놀이터?",
        "Which stall at the 전통시장 has the best mandu?",
        "Do they rent tubes at the 물놀이장?",
        "Does the 주민센터 have Korean classes?",
        "Does the 장난감도서관 have board games?",
        "Which language does the 무인민원발급기 speak?",
    ),
    "test": (
        "Can I print at the 도서관?",
        "How deep is the 수영장?",
        "Does the 마을버스 stop at the hospital?",
        "Do I need an appointment for a dentist at the 보건소?",
        "Is there a water bowl in the 반려견 놀이터?",
        "Are there lockers at the 물놀이장?",
        "Does anybody at the 주민센터 speak French?",
        "Can I park a camper van in the 공영주차장?",
        "Do they sell fish at the 전통시장?",
        "What happens if I break a 장난감 of the 장난감도서관?",
        "Can I put bones into 음식물 쓰레기?",
        "Where do I get a 대형폐기물 sticker?",
    ),
}
