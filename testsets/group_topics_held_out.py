"""What groups say in `test`: names and sentences that are kept from those who write word lists.

They were written after the lists, and nothing of them is put into the lists; a test holds them apart. The
first name of each topic is one of `dev` too.
"""

from __future__ import annotations

from testsets.group_topics_words import topics

TOPICS = topics("""
테니스|테니스 한판,코트모임|주말 오전에 서브 넣고 랠리 합니다|포핸드만 석 달 친 사람도 왔어요. 공은 제가 챙겨요
골프|골프 라운딩,싱글도전|채 휘두르는 재미에 빠진 사람들이에요. 백돌이 환영|그린 위에서 퍼팅 내기해요
배드민턴|배드민턴,콕콕|콕 한 통 사서 저녁마다 치고 헤어져요|스매시 한 방에 스트레스 날려요. 복식 짝 맞춰 드려요
탁구|탁구,탁구장사람들|스핀 서브 받아 보실래요. 탁구장에서 만나요|셰이크핸드든 펜홀더든 환영해요. 리그전도 해요
축구|풋살,주말축구|골대 두 개만 있으면 됩니다. 축구화 챙기세요|공 차고 땀 흘리는 모임. 포지션은 정해 드려요
농구|농구,3점슛|슛 던지고 리바운드 잡을 사람 찾아요|반코트 게임 하고 덩크는 구경만 합니다
볼링|볼링,볼링클럽|마이볼 있으면 들고 오세요. 레인 두 개 잡아요|스페어 처리 연습하며 점수 올려요. 핀 열 개가 목표
수영|수영,물개들|평영 발차기부터 서로 봐줘요|25미터 레인 왕복하고 씻고 헤어져요
러닝|러닝크루,모닝런|페이스 6분대로 천천히 갑니다. 러닝화만 신고 오세요|하프 완주가 목표예요. 호수 한 바퀴 뛰고 스트레칭해요
등산|등산,산악회|새벽에 올라가 일출 보고 내려와요|배낭에 물 한 병, 관악산 둘러보고 하산해요
자전거|자전거,라이더|한강 따라 페달 밟아요. 헬멧은 필수|MTB 타고 임도 올라갑니다
헬스|헬스,득근|데드리프트 폼 봐주고 같이 증량해요|덤벨 들고 세트 채우는 사람들. 프로틴은 각자
요가|요가,유연한사람들|호흡하고 다운독 하며 하루 시작해요|리포머 위에서 코어 잡는 수업 같이 들어요
클라이밍|클라이밍,홀드|초크 바르고 문제 풀러 암장 가요|홀드 잡고 완등 찍어요. 리드도 배워요
댄스|댄스,커버댄스|아이돌 커버 안무 따서 영상 찍어요|스텝부터 차근차근, 발표회도 나가요. 춤 처음이어도 돼요
낚시|낚시,원투|갯바위에서 우럭 노립니다|릴 감고 찌 던지고 붕어 낚아요
캠핑|캠핑,노지|타프 치고 고기 구워 먹고 자고 와요. 장작은 같이 사요|버너 하나 들고 숲에서 하룻밤 보내요
여행|여행,뚜벅이|연휴마다 비행기 표 끊어서 떠나요|게스트하우스 잡고 전국 돌아다닙니다
드라이브|드라이브,심야드라이브|창문 열고 음악 틀고 해안도로 달려요|운전대 잡고 교외 한 바퀴. 카풀 환영
카페투어|카페투어,커피메이트|원두 볶는 집 찾아다니며 핸드드립 마셔요|이번 달은 성수동 디저트 가게 열 곳 가 봅니다
맛집탐방|맛집,먹부림|별점 높은 국밥집부터 하나씩 도장 깨기 해요|먹고 싶은 메뉴 투표해서 예약하고 갑니다
와인|와인,내추럴|보틀 하나씩 따서 블라인드로 맞춰요|싱글몰트 향 맡고 기록 남겨요
요리|요리,한그릇|각자 재료 가져와 파스타 만들어 먹어요|김치 담그고 장 담그는 법 배워요. 앞치마 챙기세요
베이킹|베이킹,오븐지기|스콘이랑 타르트 만들어 나눠 가요|밀가루 반죽하고 발효 기다려요. 식빵이 목표
독서|독서,북토크|고전 한 장씩 읽어 와서 토론해요|책갈피 꽂고 각자 읽다가 마지막에 감상 나눠요
글쓰기|글쓰기,습작|원고지 다섯 장 채워 와서 돌려 봐요|시나 수필 쓰는 사람들. 문집도 내요
외국어|영어회화,스페인어|프리토킹 두 시간, 한국말 쓰면 벌금|중국어 성조 연습하고 드라마 대사 따라 해요
스터디|스터디,합격반|문제집 풀고 오답 정리해요. 토익 목표 점수 있으면 좋아요|캠 켜고 여덟 시간씩 앉아 있어요. 합격하면 밥 사기
재테크|재테크,짠테크|배당주 골라 보고 포트폴리오 공유해요|월급 쪼개서 저축하는 법 나눠요. 공모주도 봐요
개발|코딩,개발자|깃허브에 올리고 코드 리뷰해요|앱 하나 출시하는 게 목표예요. 프론트 백엔드 다 있어요
사진|출사,사진|삼각대 세우고 야경 담아요. 보정도 알려 드려요|렌즈 바꿔 끼며 인물 촬영 연습해요. 모델도 서로 해 줘요
그림|드로잉,어반스케치|붓 들고 색칠하며 쉬어요. 채색 도구는 빌려 드려요|크로키 10분씩 하고 벽에 걸어요
공예|뜨개질,레진아트|대바늘로 목도리 떠요|흙 만지고 유약 발라 컵 만들어요
악기|기타,직장인밴드|베이스 키보드 자리 비었어요. 합주는 격주|코드 세 개로 한 곡 쳐요. 악기 없으면 빌려드려요
노래|노래방,중창단|화음 맞춰 부르고 발표회 서요|고음 뚫는 연습해요. 마이크는 두 개
공연|뮤지컬,공연덕후|커튼콜까지 박수 치고 와요. 예매는 제가 해요|내한 공연 티켓팅 같이 하고 스탠딩 가요
영화|영화,무비나잇|감독전 챙겨 보고 해석 나눠요. 팝콘은 각자|개봉작 심야로 보고 막차 타요
보드게임|보드게임,룰마스터|테라포밍 마스랑 스플렌더 돌려요|룰 설명부터 해 드려요. 말 놓고 카드 섞고 타일 까요
게임|롤,듀오|랭크 올릴 듀오 구해요. 티어 안 봐요|컨트롤러 들고 와서 협동 모드 깨요
반려동물|멍멍이,냥집사|간식 나눠 먹이고 같이 뛰놀게 해요. 중형견도 와요|고양이 사진 자랑하고 사료 공구해요
육아|육아,아이친구|두 돌 전후 아기 데리고 놀이터에서 봐요|기저귀 떼기 편식 고민 서로 들어줘요
산책|산책,동네한바퀴|점심 먹고 호숫가 삼십 분 걷다 들어가요|골목길 어슬렁거리며 계절 구경해요
봉사|봉사,따뜻한손|무료 급식소에서 배식 도와요|바닷가 쓰레기 주우러 가요. 1365 시간 인정됩니다
원예|식물,초록손|씨앗 나누고 모종 키워요|선인장에 물 주는 법부터 알려 드려요. 분무기 하나면 충분
친목|또래,심심한사람들|심심할 때 불러서 밥 먹고 놀아요|새로 이사 온 사람들끼리 얼굴 트고 지내요
""")

ENGLISH = topics("""
테니스|tennis|Serves, rallies and a bit of sun on the court|Bring your racquet, we book the court
축구|football,five-a-side|Five-a-side on Saturdays, boots on|Goalkeeper wanted, friendly kickabout with a ball
러닝|running crew,joggers|Easy pace laps around the lake, jogging shoes needed|Couch to half marathon, we train twice a week
등산|hiking,trail friends|Summit at noon, packed lunch, good boots|Trails around Bukhansan each month, trekking poles help
카페투어|cafe tour,espresso people|Flat whites in a different neighbourhood each time|Hunting the best espresso bar in town
맛집탐방|foodies,hungry neighbours|Dinner at a place none of us knows|From noodles to barbecue, we eat our way through the city
독서|book club,page turners|One novel, one evening, lots of opinions|Paperbacks and quiet reading, then we discuss
외국어|language exchange,polyglots|Half an hour in Korean, half in English|Trade your Spanish for my Japanese
보드게임|board games,dice night|Catan, Splendor and snacks|Meeples on the table, rules explained
사진|photo walk,shutterbugs|Street shots at golden hour, any lens|We edit portraits and print the best photos
여행|travel,getaways|Backpacks, hostels and a night train|Short getaways to islands, we share the planning
영화|movies,film buffs|Director of the month, then a long talk about films|Cinema on Mondays, cheapest tickets
클라이밍|climbing,chalk hands|Chalk, ropes and patient belayers|Sending boulder problems after work
악기|band,jam night|Keyboard player wanted, rehearsals on Sunday|Bring your ukulele or cello, we play covers
""")
