-- A mix of what scripts do: recursion, closures, tables, strings, floats, garbage. Prints one line per part; the numbers
-- of the last line depend on time and on the interpreter's random seed, so that only a replay can reproduce them.
local scale = tonumber(arg[1] or "1")

local function fib(n) return n < 2 and n or fib(n - 1) + fib(n - 2) end
print("fib", fib(20 + scale))

local function sieve(limit)
  local composite, count = {}, 0
  for i = 2, limit do
    if not composite[i] then
      count = count + 1
      for j = i * i, limit, i do composite[j] = true end
    end
  end
  return count
end
print("sieve", sieve(20000 * scale))

local words = {}
for word in ("the primary logs what the backup replays and the backup says so"):gmatch("%a+") do
  words[word] = (words[word] or 0) + 1
end
local sorted = {}
for word, count in pairs(words) do sorted[#sorted + 1] = word .. "=" .. count end
table.sort(sorted)
print("words", table.concat(sorted, " "))

local Account = {}
Account.__index = Account
function Account.new(balance) return setmetatable({ balance = balance }, Account) end
function Account:deposit(amount)
  self.balance = self.balance + amount
  return self
end
local total = 0
for i = 1, 20000 * scale do total = total + Account.new(i):deposit(i % 7).balance end
print("objects", total)

local function mandelbrot(size)
  local inside = 0
  for row = 0, size - 1 do
    for column = 0, size - 1 do
      local cx, cy, x, y, n = 3 * column / size - 2, 2 * row / size - 1, 0, 0, 0
      while n < 50 and x * x + y * y <= 4 do
        x, y, n = x * x - y * y + cx, 2 * x * y + cy, n + 1
      end
      if n == 50 then inside = inside + 1 end
    end
  end
  return inside
end
print("mandelbrot", mandelbrot(40 * scale))

local text = ("replay "):rep(200 * scale)
print("strings", #text:upper():gsub("REPLAY", "%0!"), text:find("play r", 100, true), ("%5.2f|%-6d|%q"):format(2 / 3, 42, "x"))
print("random", math.random(1000000), os.time() > 0, tostring({}):sub(1, 6))
