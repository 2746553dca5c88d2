-- What needs setjmp: pcall, error objects, errors through C functions and coroutines.
local function risky(n)
  if n % 3 == 0 then error({ code = n }) end
  if n % 5 == 0 then error("five divides " .. n) end
  if n % 7 == 0 then local nothing; return nothing.field end
  return n
end

local caught = {}
for n = 1, 21 do
  local ok, result = pcall(risky, n)
  if not ok then caught[#caught + 1] = type(result) == "table" and result.code or result:gsub("^.-:%d+: ", "") end
end
print(table.concat(caught, "; "))

print(select("#", xpcall(function() table.sort({ 3, 1, 2 }, function() error("from a comparison") end) end, function(message)
  return "handled: " .. message
end)))

local function generate(n)
  return coroutine.wrap(function()
    for i = 1, n do coroutine.yield(i * i) end
  end)
end
local sum = 0
for square in generate(1000) do sum = sum + square end
print("squares", sum)

local depth = 0
local function descend() depth = depth + 1; return 1 + descend() end
print("overflow", pcall(descend), depth > 1000)

local total = 0
for i = 1, 20000 do
  if not pcall(error, i) then total = total + 1 end
end
print("thrown", total)
